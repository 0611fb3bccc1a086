#!/usr/bin/env python3
"""Makes the seeds of the parsers' tests, by hand-made bytes and the standard library alone.

Usage: generate.py FOLDER
Writes FOLDER/{safetensors,csv,gzip,idx,idx_gzip,list,npy,npz}/{good,bad}-*. A good seed must be read, a bad one refused.
The seeds good-package... are not from here: safetensors' the format's own Python package, 0.8.0,
wrote, those of npy and npz NumPy 2.4.6.
checkpoint/good-training is not either: wg_checkpoint_save wrote it, of fuzz_checkpoint.c's objects.
"""
# SPDX-License-Identifier: Apache-2.0
import io
import json
import pathlib
import struct
import sys
import zipfile
import zlib


def safetensors(header, data=b"", length=None):
    if not isinstance(header, bytes):
        header = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def every_dtype():
    """Two values of each dtype; test_safetensors_read.c knows them."""
    parts = [
        ("u64", "U64", struct.pack("<2Q", 0, 2**63 - 1)),
        ("i64", "I64", struct.pack("<2q", -2**63, 2**63 - 1)),
        ("f64", "F64", struct.pack("<2d", 0.1, -1e300)),
        ("f32", "F32", struct.pack("<2f", 0.5, -3e38)),
        ("u32", "U32", struct.pack("<2I", 1, 2**32 - 1)),
        ("i32", "I32", struct.pack("<2i", -2**31, 2**31 - 1)),
        ("bf16", "BF16", struct.pack("<2H", 0x3F80, 0xC049)),
        ("f16", "F16", struct.pack("<2H", 0x3C00, 0x0001)),
        ("u16", "U16", struct.pack("<2H", 1, 65535)),
        ("i16", "I16", struct.pack("<2h", -32768, 32767)),
        ("i8", "I8", struct.pack("<2b", -128, 127)),
        ("u8", "U8", struct.pack("<2B", 1, 255)),
        ("bool", "BOOL", b"\x00\x01"),
    ]
    header, data = {}, b""
    for name, dtype, raw in parts:
        header[name] = entry(dtype, [2], len(data), len(data) + len(raw))
        data += raw
    return safetensors(header, data)


def safetensors_seeds():
    f32 = struct.pack("<4f", 1, 2, 3, 4)
    two = {"b": entry("F32", [2], 8, 16), "a": entry("F32", [2, 1], 0, 8)}
    one = entry("I32", [2, 2], 0, 16)
    good = {
        "dtypes": every_dtype(),
        "two": safetensors(two, f32),
        "empty": safetensors({}),
        "sizes": safetensors(
            {"scalar": entry("F64", [], 0, 8), "none": entry("F32", [0, 3], 8, 8),
             "nought": entry("I64", [0], 8, 8)}, struct.pack("<d", 2.5)),
        "metadata": safetensors(
            b'{"__metadata__":{"format":"pt","k\\u0065y \\"\\\\\\/\\b\\f\\n\\r\\t" : "\\ud83d\\ude00\\u00e9",'
            b'"":""},"\xc3\xa4":{"shape":[1],"data_offsets":[0,1],"\\u0064type":"U8"}}', b"\x07"),
        "space": safetensors(b' \t\r\n{ "x" : { "dtype" : "U8" , "shape" : [ 1 , 1 ] , '
                             b'"data_offsets" : [ 0 , 1 ] } } \n ', b"\x01"),
        "unaligned": safetensors({"a": entry("U8", [1], 0, 1), "b": entry("F32", [1], 1, 5)},
                                 b"\x01" + struct.pack("<f", 1.5)),
    }
    bad = {
        # The hostile seeds of the format's own tests.
        "product-wraps": safetensors({"t": entry("I32", [2, 18446744073709551614], 0, 16)}, bytes(16)),
        "product-halves": safetensors({"t": entry("I32", [2, 9223372036854775807], 0, 16)}, bytes(16)),
        "offsets-small": safetensors({"t": entry("I32", [2, 2], 0, 4)}, bytes(4)),
        "trailing": safetensors({"t": one}, bytes(18)),
        "two-missing": safetensors({"t": one}, bytes(14)),
        "nothing": b"",
        "length-only": struct.pack("<Q", 60),
        "header-ff": safetensors(b"\xff"),
        "header-brace": safetensors(b"{"),
        "overlap": safetensors({"a": entry("I32", [2], 0, 8), "b": entry("I32", [2], 4, 12)}, bytes(12)),
        "duplicate": safetensors(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
                                 b'"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', bytes(2)),
        # Lengths.
        "length-above-limit": struct.pack("<Q", 100000001) + b"{}",
        "length-all-ones": struct.pack("<Q", 2**64 - 1) + b"{}",
        "length-wraps": struct.pack("<Q", 2**64 - 8) + b"{}",
        # Offsets.
        "gap": safetensors({"a": entry("U8", [1], 0, 1), "b": entry("U8", [1], 2, 3)}, bytes(3)),
        "starts-late": safetensors({"a": entry("U8", [1], 1, 2)}, bytes(2)),
        "ends-early": safetensors({"a": entry("U8", [0], 0, 0), "b": entry("U8", [1], 2, 1)}, bytes(1)),
        "end-before-begin": safetensors({"a": entry("U8", [2], 0, 2), "b": entry("U8", [1], 2, 1)}, bytes(2)),
        "offsets-huge": safetensors({"a": entry("U8", [2**64 - 1], 0, 2**64 - 1)}, bytes(2)),
        # Values that a tensor cannot hold.
        "u64-large": safetensors({"count": entry("U64", [2], 0, 16)}, struct.pack("<2Q", 1, 2**63)),
        "bool-two": safetensors({"flag": entry("BOOL", [2], 0, 2)}, b"\x01\x02"),
        "dtype": safetensors({"e": entry("F8_E4M3", [1], 0, 1)}, bytes(1)),
        "rank-9": safetensors({"deep": entry("U8", [1] * 9, 0, 1)}, bytes(1)),
        # JSON.
        "array": safetensors(b"[]"),
        "null": safetensors(b"null"),
        "twice": safetensors(b"{}{}"),
        "trailing-comma": safetensors(b'{"a":{"dtype":"U8","shape":[1,],"data_offsets":[0,1]}}', bytes(1)),
        "leading-comma": safetensors(b'{,"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', bytes(1)),
        "no-comma": safetensors(b'{"a":{"dtype":"U8","shape":[1 1],"data_offsets":[0,1]}}', bytes(1)),
        "sign": safetensors(b'{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}', bytes(1)),
        "plus": safetensors(b'{"a":{"dtype":"U8","shape":[+1],"data_offsets":[0,1]}}', bytes(1)),
        "fraction": safetensors(b'{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}', bytes(1)),
        "exponent": safetensors(b'{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}', bytes(1)),
        "leading-zero": safetensors(b'{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}', bytes(1)),
        "two-zeros": safetensors(b'{"a":{"dtype":"U8","shape":[00],"data_offsets":[0,0]}}'),
        "65-bits": safetensors(b'{"a":{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,1]}}', bytes(1)),
        "three-offsets": safetensors(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}', bytes(1)),
        "one-offset": safetensors(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[1]}}', bytes(1)),
        "unknown-key": safetensors(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}', bytes(1)),
        "missing-key": safetensors(b'{"a":{"dtype":"U8","data_offsets":[0,1]}}', bytes(1)),
        "key-twice": safetensors(b'{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', bytes(1)),
        "dtype-number": safetensors(b'{"a":{"dtype":1,"shape":[1],"data_offsets":[0,1]}}', bytes(1)),
        "shape-string": safetensors(b'{"a":{"dtype":"U8","shape":"1","data_offsets":[0,1]}}', bytes(1)),
        "metadata-number": safetensors(b'{"__metadata__":{"a":1}}'),
        "metadata-list": safetensors(b'{"__metadata__":["a"]}'),
        "metadata-nested": safetensors(b'{"__metadata__":{"a":{"b":"c"}}}'),
        "metadata-null": safetensors(b'{"__metadata__":null}'),
        "metadata-twice": safetensors(b'{"__metadata__":{},"__metadata__":{}}'),
        "metadata-duplicate": safetensors(b'{"__metadata__":{"a":"1","\\u0061":"2"}}'),
        "depth": safetensors(b'{"a":' * 5000),
        "depth-list": safetensors(b"[" * 5000),
        # Strings.
        "escape-unknown": safetensors(b'{"__metadata__":{"\\x":""}}'),
        "escape-short": safetensors(b'{"__metadata__":{"\\u12":""}}'),
        "escape-end": safetensors(b'{"__metadata__":{"\\'),
        "escape-end-u": safetensors(b'{"__metadata__":{"\\ud83d\\u'),
        "escape-nul": safetensors(b'{"__metadata__":{"\\u0000":""}}'),
        "surrogate-lone": safetensors(b'{"__metadata__":{"\\ud83d":""}}'),
        "surrogate-low": safetensors(b'{"__metadata__":{"\\ude00":""}}'),
        "surrogate-half": safetensors(b'{"__metadata__":{"\\ud83d\\u0041":""}}'),
        "control": safetensors(b'{"__metadata__":{"\n":""}}'),
        "nul": safetensors(b'{"__metadata__":{"\x00":""}}'),
        "utf8-overlong": safetensors(b'{"__metadata__":{"\xc0\xaf":""}}'),
        "utf8-surrogate": safetensors(b'{"__metadata__":{"\xed\xa0\x80":""}}'),
        "utf8-above": safetensors(b'{"__metadata__":{"\xf4\x90\x80\x80":""}}'),
        "utf8-cut": safetensors(b'{"__metadata__":{"\xe2\x82'),
        "byte-order-mark": safetensors(b"\xef\xbb\xbf{}"),
    }
    return good, bad


def csv_seeds():
    good = {
        "numbers": b"1,2,0\n3,4.5,1\n-1e3,+.5,2\n",
        "header": b"a,b,label\r\n1,2,0\r\n3,4,1\r\n",
        "names": b"5.1,3.5,setosa\n7,3.2,versicolor\n5,3,setosa\n",
        "quoted": b'"1", "2" ,"a ""b"", c"\n3,4,d\n\n \n',
        "bom": b"\xef\xbb\xbf1,2,3",
        "exponents": b"1e-46,1e-45,3.4028234e38,0\n0.1,16777217,8388609.5,1\n",
    }
    bad = {
        "nothing": b"",
        "blank": b"\n \r\n",
        "word": b"1,2,0\nx,4,1\n",
        "ragged-more": b"1,2,0\n3,4,1,5\n",
        "ragged-fewer": b"1,2,0\n3,4\n",
        "empty-field": b"1,,0\n",
        "empty-line": b"1,2,0\n\n3,4,1\n",
        "nul": b"1,2,0\n3,\x004,1\n",
        "overlong": b"1," + b"2" * 256 + b",0\n",
        "infinite": b"1,2,0\n1e39,2,0\n",
        "nan": b"1,2,0\nnan,2,0\n",
        "hex": b"1,2,0\n0x10,2,0\n",
        "label": b"1,2,0\n1,2,setosa\n",
        "label-large": b"1,2,0\n1,2,9223372036854775808\n",
        "quote-open": b'1,"2,0\n',
        "quote-text": b'1,"2"3,0\n',
        "header-only": b"a,b,c\n",
        "one-column": b"1\n2\n",
    }
    return good, bad


def gzip_member(data, level=9):
    deflate = zlib.compressobj(level, zlib.DEFLATED, 31)
    return deflate.compress(data) + deflate.flush()


def gzip_seeds():
    table = b"1,2,0\n3,4,1\n"
    whole = gzip_member(table)
    good = {
        "table": whole,
        "stored": gzip_member(table, 0),
        "two-members": gzip_member(table[:6]) + gzip_member(table[6:]),
        "empty-member": gzip_member(b"") + whole,
        # Header with a name, a comment and extra bytes.
        "header": b"\x1f\x8b\x08\x1c" + bytes(4) + b"\x00\x03" + b"\x02\x00ab" + b"name\0" + b"comment\0" + whole[10:],
    }
    bad = {
        "magic-only": whole[:2],
        "header-only": whole[:10],
        "checksum": whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:],
        "length": whole[:-1] + b"\x01",
        "trailing": whole + b"x",
        "trailing-zeros": whole + bytes(16),
        "second-cut": whole + whole[:-4],
        "method": whole[:2] + b"\x07" + whole[3:],
        "nothing-in-it": gzip_member(b""),
        "twice": gzip_member(whole),
        # 1 MiB of "1,1\n", to which the test sets a smaller cap.
        "bomb": gzip_member(b"1,1\n" * 262144),
    }
    return good, bad


def idx(kind, dims, data, magic=b"\0\0", rank=None):
    rank = len(dims) if rank is None else rank
    return magic + bytes([kind, rank]) + b"".join(struct.pack(">I", d) for d in dims) + data


def idx_seeds():
    """test_idx.c knows the values."""
    good = {
        "u8": idx(8, [2, 3], bytes([0, 1, 2, 127, 128, 255])),
        "i8": idx(9, [3], struct.pack(">3b", -128, -1, 127)),
        "i16": idx(11, [3], struct.pack(">3h", -32768, -1, 32767)),
        "i32": idx(12, [3], struct.pack(">3i", -2**31, -1, 2**31 - 1)),
        "f32": idx(13, [2], struct.pack(">2f", 0.5, -3e38)),
        "f64": idx(14, [2], struct.pack(">2d", 0.1, -1e300)),
        "rank-8": idx(8, [1, 2, 1, 2, 1, 1, 1, 1], bytes(4)),
        "nothing-in-it": idx(8, [0, 28, 28], b""),
        "images": idx(8, [2, 2, 3], bytes([0, 51, 102, 153, 204, 255] * 2)),
        "labels": idx(8, [2], bytes([7, 2])),
        "color": idx(8, [1, 3, 1, 2], bytes(6)),
        # Its bytes would fit as u8, but not as f32.
        "none-wide": idx(8, [0, 2**31, 2**31], b""),
    }
    bad = {
        "nothing": b"",
        "magic-only": b"\0\0\x08",
        "magic": idx(8, [1], b"x", magic=b"\0\1"),
        "text": b"1,2,3\n",
        "type": idx(10, [1], b"x"),
        "type-0": idx(0, [1], b"x"),
        "rank-0": idx(8, [], b"x"),
        "rank-9": idx(8, [1] * 9, b"x"),
        "rank-255": idx(8, [1], b"x", rank=255),
        "header-cut": idx(8, [2], bytes(2), rank=2),
        "data-few": idx(8, [2, 3], bytes(5)),
        "data-many": idx(8, [2, 3], bytes(7)),
        "data-behind-nothing": idx(8, [0, 3], bytes(1)),
        "elements-cut": idx(14, [2], bytes(15)),
        "wraps": idx(8, [2**31, 2**31, 4], b""),
        "wraps-behind-0": idx(8, [0, 2**32 - 1, 2**32 - 1, 2], b""),
        "bomb": idx(14, [2**32 - 1], bytes(8)),
    }
    return good, bad


def idx_gzip_seeds():
    images = idx_seeds()[0]["images"]
    return {"images": gzip_member(images)}, {"checksum": gzip_member(images)[:-8] + bytes(4) + gzip_member(images)[-4:]}


def list_seeds():
    def text(*lines, head="wengert-list 1"):
        return "".join(line + "\n" for line in (head,) + lines).encode()

    x = '%0 = variable f32 [2, 3] data [1, -0, 0.1, inf, -inf, nan] "x"'
    good = {
        "empty": text(),
        "leaves": text(x, '%1 = input i64 [2] data [-9223372036854775808, 9223372036854775807]',
                       '%2 = constant bool [1, 2] data [0, 1]', '%3 = constant u8 [] data [255]',
                       '%4 = param "fc.weight" f64 [0, 4] data [] "w"', "%5 = input f64 []"),
        "names": text('%0 = input f32 [] "a\\"b\\\\c\\n\\t\\x01\\xff"', '%1 = neg(%0) "\u00e9"'),
        "ops": text(x, "%1 = softmax(%0) axis=1", "%2 = sum(%1) axes=[0, 1] keepdims=1",
                    "%3 = scale(%1) factor=1e-300", "%4 = cast(%3) dtype=f64",
                    "%5 = dropout(%1) p=0.5", '%6 = %5.1 "mask"', "%7 = mul(%6, %1)",
                    "%8 = fill() dtype=i64 dims=[2, 2] value=-7"),
        "spaces": text("", "  # a comment", "%0=input f32[ 2,1 ]\t# one more\r", "",
                       "%1 = neg( %0 )"),
        "no-newline": text("%0 = input f32 [2]")[:-1],
    }
    bad = {
        "nothing": b"",
        "version": text(head="wengert-list 2"),
        "version-huge": text(head="wengert-list 99999999999"),
        "title": text(head="wengert-graph 1"),
        "title-more": text(head="wengert-list 1 x"),
        "forward": text("%0 = neg(%0)"),
        "number": text("%1 = input f32 []"),
        "op": text("%0 = input f32 []", "%1 = nothing(%0)"),
        "inputs": text("%0 = input f32 []", "%1 = add(%0)"),
        "attribute": text("%0 = input f32 []", "%1 = neg(%0) slope=1"),
        "attribute-twice": text("%0 = input f32 [2]", "%1 = softmax(%0) axis=0 axis=0"),
        "attribute-missing": text("%0 = input f32 [2]", "%1 = reshape(%0)"),
        "attribute-range": text("%0 = input f32 [2]", "%1 = softmax(%0) axis=1"),
        "attribute-huge": text("%0 = input f32 [2]", "%1 = softmax(%0) axis=9223372036854775808"),
        "list-long": text("%0 = input f32 [2]", "%1 = sum(%0) axes=[" + "0, " * 40 + "0]"),
        "list-open": text("%0 = input f32 [2]", "%1 = sum(%0) axes=[0"),
        "rank": text("%0 = input f32 [1, 1, 1, 1, 1, 1, 1, 1, 1]"),
        "negative": text("%0 = input f32 [-1]"),
        "wraps": text("%0 = input f32 [4294967296, 4294967296]"),
        "bomb": text("%0 = input f64 [1000000000, 1000]"),
        "bomb-data": text("%0 = input f64 [1000000000] data [1]"),
        "dtype": text("%0 = input f16 [1]"),
        "variable-dtype": text("%0 = variable i64 [1]"),
        "data-few": text("%0 = input f32 [2] data [1]"),
        "data-many": text("%0 = input f32 [2] data [1, 2, 3]"),
        "data-word": text("%0 = input f32 [2] date [1, 2]"),
        "data-number": text("%0 = input f32 [1] data [1.2.3]"),
        "data-hex": text("%0 = input f32 [1] data [0x10]"),
        "data-large": text("%0 = input f64 [1] data [1e999]"),
        "data-fraction": text("%0 = input i64 [1] data [1.5]"),
        "data-bool": text("%0 = input bool [1] data [2]"),
        "data-byte": text("%0 = input u8 [1] data [256]"),
        "part": text("%0 = input f32 []", "%1 = %0.1"),
        "part-none": text("%0 = input f32 []", "%1 = neg(%0)", "%2 = %1.4294967295"),
        "string-open": text('%0 = input f32 [] "x'),
        "string-escape": text('%0 = input f32 [] "\\q"'),
        "string-hex": text('%0 = input f32 [] "\\x0"'),
        "string-nul": text('%0 = input f32 [] "\\x00"'),
        "string-long": text('%0 = input f32 [] "' + "x" * 300 + '"'),
        "nul": text("%0 = input f32 []\0"),
        "behind": text("%0 = input f32 [] x"),
        "word-long": text("%0 = " + "x" * 100 + "()"),
        "two": text("%0 = input f32 [] %1 = input f32 []"),
    }
    return good, bad


def npy(header, data=b"", version=(1, 0), length=None):
    """An array; `header` without its padding."""
    header = header.encode() if isinstance(header, str) else header
    kind = "<H" if version[0] == 1 else "<I"
    first = 8 + struct.calcsize(kind)
    padded = header + b" " * (-(first + len(header) + 1) % 64) + b"\n"
    return (b"\x93NUMPY" + bytes(version) + struct.pack(kind, len(padded) if length is None else length)
            + padded + data)


def described(descr, shape, data, fortran=False, **more):
    return npy(f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}", data, **more)


def npy_seeds():
    """test_npy.c knows the values."""
    f4 = struct.pack("<6f", 0, 1, 2, 3, 4, 5)
    good = {
        "f4": described("<f4", "(2, 3)", f4),
        "f4-big": described(">f4", "(2, 3)", struct.pack(">6f", 0, 1, 2, 3, 4, 5)),
        "f4-fortran": described("<f4", "(2, 3)", struct.pack("<6f", 0, 3, 1, 4, 2, 5), fortran=True),
        "version-2": described("<f4", "(2, 3)", f4, version=(2, 0)),
        "version-3": described("<f4", "(2, 3)", f4, version=(3, 0)),
        "order": npy('{"shape":(2,3),"descr":"<f4" , "fortran_order":False}', f4),
        "unpadded": b"\x93NUMPY\1\0\x40\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }    \n" + f4,
        "scalar": described("<f8", "()", struct.pack("<d", 0.1)),
        "one": described("<i8", "(3,)", struct.pack("<3q", -2**63, -1, 2**63 - 1)),
        "none": described("<f4", "(0, 3)", b""),
        "rank-8": described("|u1", "(1, 2, 1, 2, 1, 1, 1, 1)", bytes([9, 8, 7, 6])),
        "b1": described("|b1", "(3,)", bytes([0, 1, 1])),
        "u1": described("|u1", "(2,)", bytes([0, 255])),
        "u1-little": described("<u1", "(2,)", bytes([0, 255])),
        "i1": described("|i1", "(2,)", struct.pack("<2b", -128, 127)),
        "i2": described("<i2", "(2,)", struct.pack("<2h", -32768, 32767)),
        "i2-big": described(">i2", "(2,)", struct.pack(">2h", -32768, 32767)),
        "u2": described("<u2", "(2,)", struct.pack("<2H", 1, 65535)),
        "i4": described("<i4", "(2,)", struct.pack("<2i", -2**31, 2**31 - 1)),
        "u4-big": described(">u4", "(2,)", struct.pack(">2I", 1, 2**32 - 1)),
        "u8": described("<u8", "(2,)", struct.pack("<2Q", 1, 2**63 - 1)),
        "u8-big": described(">u8", "(2,)", struct.pack(">2Q", 1, 2**63 - 1)),
        "f2": described("<f2", "(2,)", struct.pack("<2e", 1, 2**-24)),
        "f8-big": described(">f8", "(2,)", struct.pack(">2d", 0.1, -1e300)),
    }
    bad = {
        "nothing": b"",
        "magic": b"\x92NUMPY" + good["f4"][6:],
        "magic-only": b"\x93NUMPY",
        "version-0": described("<f4", "(2, 3)", f4, version=(0, 0)),
        "version-1-1": described("<f4", "(2, 3)", f4, version=(1, 1)),
        "version-4": described("<f4", "(2, 3)", f4, version=(4, 0)),
        "version-2-cut": b"\x93NUMPY\2\0\0\0",
        "length-long": described("<f4", "(2, 3)", b"", length=200),
        "length-huge": described("<f4", "(2, 3)", f4, version=(2, 0), length=2**32 - 1),
        "length-above": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" + " " * 10000, f4),
        "length-0": npy("", f4, length=0),
        "no-dictionary": npy("[1, 2]", f4),
        "no-quotes": npy("{descr: '<f4', 'fortran_order': False, 'shape': (2, 3)}", f4),
        "no-colon": npy("{'descr' '<f4', 'fortran_order': False, 'shape': (2, 3)}", f4),
        "no-comma": npy("{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}", f4),
        "no-descr": npy("{'fortran_order': False, 'shape': (2, 3)}", f4),
        "no-order": npy("{'descr': '<f4', 'shape': (2, 3)}", f4),
        "no-shape": npy("{'descr': '<f4', 'fortran_order': False}", f4),
        "no-end": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)", f4),
        "key": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}", f4),
        "key-twice": npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", f4),
        "behind": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x", f4),
        "no-newline": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\n ", f4),
        "call": npy("{'descr': '<f4', 'fortran_order': bool(0), 'shape': (2, 3)}", f4),
        "escape": npy("{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2, 3)}", f4),
        "string-open": npy("{'descr': '<f4", f4),
        "order-0": npy("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}", f4),
        "shape-number": described("<f4", "6", f4),
        "shape-parentheses": described("<f4", "(6)", f4),
        "shape-list": described("<f4", "[2, 3]", f4),
        "shape-negative": described("<f4", "(-2, -3)", f4),
        "shape-zero": described("<f4", "(02, 3)", f4),
        "shape-float": described("<f4", "(2.0, 3)", f4),
        "shape-long": described("<f4", "(2L, 3L)", f4),
        "shape-blank": described("<f4", "(2 3)", f4),
        "shape-comma": described("<f4", "(,)", f4),
        "shape-rank-9": described("|u1", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", b"x"),
        "shape-64-bits": described("|u1", "(9223372036854775808,)", b"x"),
        "shape-huge": described("|u1", "(99999999999999999999999,)", b"x"),
        "shape-wraps": described("<f4", "(4294967296, 4294967296)", f4),
        "shape-wraps-behind-0": described("<f4", "(0, 4294967296, 4294967296)", b""),
        "shape-bomb": described("<f8", "(100000000000,)", f4),
        "data-few": described("<f4", "(2, 3)", f4[:-1]),
        "data-many": described("<f4", "(2, 3)", f4 + b"x"),
        "object": described("|O", "(1,)", b"\x80\x03]q\x00."),
        "structure": npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}", f4),
        "complex": described("<c8", "(3,)", f4),
        "string": described("<U6", "(1,)", f4),
        "time": described("<M8[s]", "(3,)", f4),
        "wide": described("<f16", "(1,)", f4),
        "native": described("=f4", "(2, 3)", f4),
        "no-byte-order": described("f4", "(2, 3)", f4),
        "byte-order-bar": described("|f4", "(2, 3)", f4),
        "descr-empty": described("", "(2, 3)", f4),
        "bool-2": described("|b1", "(3,)", bytes([0, 1, 2])),
        "u8-large": described("<u8", "(2,)", struct.pack("<2Q", 1, 2**63)),
        "u8-large-big": described(">u8", "(2,)", struct.pack(">2Q", 1, 2**63)),
    }
    return good, bad


def archive(members, method=zipfile.ZIP_STORED, zip64=False):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in members:
            about = zipfile.ZipInfo(name)
            about.compress_type = method
            with z.open(about, "w", force_zip64=zip64) as f:
                f.write(data)
    return out.getvalue()


class Pipe(io.RawIOBase):
    """Cannot seek, so that zipfile writes sizes behind the data."""
    def __init__(self):
        self.data = b""

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)


def piped(members):
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name), data)
    return pipe.data


def patched(data, *patches):
    data = bytearray(data)
    for at, new in patches:
        data[at:at + len(new)] = new
    return bytes(data)


def npz_seeds():
    """test_npz.c knows the values."""
    a = described("<f4", "(2,)", struct.pack("<2f", 1, 2))
    b = described("|b1", "(1,)", b"\1")
    two = [("a.npy", a), ("b.npy", b)]
    stored = archive(two)
    end = len(stored) - 22
    central = end - 2 * (46 + 5)  # of a
    local_b = 30 + 5 + len(a)
    one = archive(two[:1])
    good = {
        "stored": stored,
        "deflated": archive(two, zipfile.ZIP_DEFLATED),
        "zip64-local": archive(two, zip64=True),
        "sizes-follow": piped(two),
        "empty": archive([]),
        "utf8": archive([("\u00e4.npy", a), (".npy", b)]),
        "comment": stored[:-2] + b"\2\0hi",
    }
    bad = {
        "nothing": b"",
        "array": a,
        "end-only-cut": archive([])[:-1],
        "trailing": stored + b"x",
        "leading": b"x" + stored,
        "member-text": archive(two + [("readme.txt", b"hello")]),
        "member-folder": archive([("a/", b"")]),
        "member-broken": archive([("a.npy", b"\x93NUMPX" + a[6:])]),
        "member-trailing": archive([("a.npy", a + b"x")]),
        "twice": patched(stored, (local_b + 30, b"a"), (central + 51 + 46, b"a")),
        "nul": patched(stored, (30, b"\0"), (central + 46, b"\0")),
        "not-utf8": patched(archive([("\u00e4.npy", a)]), (30, b"\xff"), (36 + len(a) + 46, b"\xff")),
        "checksum": patched(stored, (30 + 5 + len(a) - 1, b"\x7f")),
        "checksums-both": patched(stored, (14, b"\0\0\0\0"), (central + 16, b"\0\0\0\0")),
        "headers-differ-checksum": patched(stored, (14, b"\0\0\0\0")),
        "headers-differ-name": patched(stored, (30, b"c")),
        "encrypted": patched(stored, (6, b"\1"), (central + 8, b"\1")),
        "flags": patched(stored, (6, b"\x40"), (central + 8, b"\x40")),
        "method": patched(stored, (8, b"\x0c"), (central + 10, b"\x0c")),
        "two-sizes": patched(stored, (central + 24, b"\1")),
        "zip64-member": patched(stored, (central + 24, b"\xff" * 4)),
        "zip64": patched(stored, (end + 16, b"\xff" * 4)),
        "parts": patched(stored, (end + 4, b"\1")),
        "parts-member": patched(stored, (central + 34, b"\1")),
        "zip64-count": patched(stored, (end + 8, b"\xff" * 4)),
        "zip64-bytes": patched(stored, (end + 12, b"\xff" * 4)),
        "zip64-member-stored": patched(stored, (central + 20, b"\xff" * 4)),
        "zip64-member-place": patched(stored, (central + 42, b"\xff" * 4)),
        "local-none": b"PK\3\4" + stored[central:central + 51] + patched(
            stored[end:], (8, b"\1\0\1\0" + struct.pack("<2I", 51, 4))),
        "name-long": archive([("n" * 600 + ".npy", a + b"x")]),
        "name-control": archive([("\x07.npy", a + b"x")]),
        "directory-place": patched(stored, (end + 16, struct.pack("<I", central + 1))),
        "directory-behind": patched(stored, (end + 16, struct.pack("<I", end + 1))),
        "members-few": patched(stored, (end + 8, b"\1\0\1\0")),
        "members-many": patched(stored, (end + 8, b"\3\0\3\0")),
        "members-65534": patched(stored, (end + 8, b"\xfe\xff\xfe\xff")),
        "central-signature": patched(stored, (central, b"X")),
        "central-name-long": patched(stored, (central + 51 + 28, b"\xff\xff")),
        "local-place": patched(stored, (central + 42, b"\1")),
        "local-place-far": patched(stored, (central + 42, struct.pack("<I", end - 1))),
        "local-signature": patched(stored, (local_b, b"X")),
        "overlap": patched(stored, (central + 51 + 42, b"\0\0\0\0"), (central + 51 + 46, b"a"),
                           (central + 51 + 16, stored[14:26])),
        "reaches-directory": patched(one, (18, struct.pack("<2I", len(a) + 1, len(a) + 1)),
                                     (len(one) - 22 - 51 + 20, struct.pack("<2I", len(a) + 1, len(a) + 1))),
    }
    deflated = archive([("a.npy", a)], zipfile.ZIP_DEFLATED)
    start = len(deflated) - 22 - 51
    size = struct.unpack("<I", deflated[18:22])[0]

    def says(n):
        return patched(deflated, (22, struct.pack("<I", n)), (start + 24, struct.pack("<I", n)))

    bad["inflates-less"] = says(len(a) + 1)
    bad["inflates-more"] = says(len(a) - 1)
    bad["deflated-broken"] = patched(deflated, (35, b"\xff"))
    bad["deflated-trailing"] = (
        patched(deflated[:35 + size], (18, struct.pack("<I", size + 1))) + b"x" +
        patched(deflated[35 + size:-22], (20, struct.pack("<I", size + 1))) +
        patched(deflated[-22:], (16, struct.pack("<I", start + 1))))
    bad["bomb"] = archive([("a.npy", described("|u1", "(100000000,)", bytes(100)))], zipfile.ZIP_DEFLATED)
    return good, bad


def main():
    root = pathlib.Path(sys.argv[1])
    for room, (good, bad) in {"safetensors": safetensors_seeds(), "csv": csv_seeds(),
                              "gzip": gzip_seeds(), "idx": idx_seeds(),
                              "idx_gzip": idx_gzip_seeds(), "list": list_seeds(),
                              "npy": npy_seeds(), "npz": npz_seeds()}.items():
        folder = root / room
        folder.mkdir(parents=True, exist_ok=True)
        for kind, seeds in {"good": good, "bad": bad}.items():
            for name, content in seeds.items():
                (folder / f"{kind}-{name}").write_bytes(content)


main()
