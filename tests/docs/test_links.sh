#!/bin/sh
# Links of the README and of docs/ to files and headings must lead somewhere; what a page quotes "From
# `file`:" must stand there, line by line; names of the interface must exist; lines are short.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: test_links.sh SOURCE_DIR
set -u
cd "$1" || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0

# The name under which a heading can be linked to.
anchors() {
    awk '/^```/ { in_code = !in_code; next }
        !in_code && /^#+ / {
            sub(/^#+ /, "")
            text = tolower($0)
            gsub(/[^a-z0-9 _-]/, "", text)
            gsub(/ /, "-", text)
            print text
        }' "$1"
}

# Every link that is not of the web, one a line, without code.
links() {
    awk '/^```/ { in_code = !in_code; next } !in_code' "$1" | sed 's/`[^`]*`//g' |
        grep -o ']([^)]*)' | sed -e 's/^](//' -e 's/)$//' | grep -v '^[a-z]*:'
}

for page in README.md bench/README.md examples/README.md docs/*.md docs/*/*.md; do
    folder=$(dirname "$page")
    links "$page" >"$scratch/links"
    while IFS= read -r link; do
        file=${link%%#*}
        target=$folder/$file
        [ -n "$file" ] || target=$page
        if [ ! -e "$target" ]; then
            echo "FAIL: $page: no file for $link"
            failures=$((failures + 1))
        elif [ "$file" != "$link" ] && ! anchors "$target" | grep -qxF -- "${link#*#}"; then
            echo "FAIL: $page: no heading for $link"
            failures=$((failures + 1))
        fi
    done <"$scratch/links"
done

# The quoted lines as FILE, a tab and the line.
quotes() {
    awk '/^```/ { if (in_code) { file = "" } in_code = !in_code; next }
        in_code { if (file != "" && $0 != "") print file "\t" $0; next }
        match($0, /From `[^`]*`:$/) { file = substr($0, RSTART + 6, RLENGTH - 8); next }
        $0 != "" { file = "" }' "$1"
}

tab=$(printf '\t')
for page in docs/*.md docs/guide/*.md; do
    quotes "$page" >"$scratch/quotes"
    while IFS= read -r quote; do
        file=${quote%%"$tab"*}
        if ! grep -qxF -- "${quote#*"$tab"}" "$file"; then
            echo "FAIL: $page: $file has no line ${quote#*"$tab"}"
            failures=$((failures + 1))
        fi
    done <"$scratch/quotes"
done

# Names of the interface must be there.
cat include/wengert/*.h | grep -o 'wg_[a-z0-9_]*' | sort -u >"$scratch/known"
for page in README.md docs/*.md docs/guide/*.md; do
    unknown=$(grep -o '\bwg_[a-z0-9_]*[a-z0-9]\b' "$page" | sort -u | comm -23 - "$scratch/known")
    [ -z "$unknown" ] || { echo "FAIL: $page: not in a header: $unknown"; failures=$((failures + 1)); }
done

# Tables have the width that they need.
for page in docs/*.md docs/guide/*.md; do
    case $page in docs/ops.md | docs/certificate.md | docs/performance.md) continue ;; esac
    long=$(awk -v page="$page" '!/^\|/ && length($0) > 110 { print page ":" FNR }' "$page")
    [ -z "$long" ] || { echo "FAIL: over 110 columns: $long"; failures=$((failures + 1)); }
done
for page in docs/guide/*.md; do
    [ "$(wc -l <"$page")" -le 120 ] || { echo "FAIL: $page: over 120 lines"; failures=$((failures + 1)); }
done
[ "$failures" -eq 0 ]
