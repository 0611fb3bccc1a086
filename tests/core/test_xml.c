/* The tests' own checker of XML: it must see each kind of fault.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/xml.h"

#include "support/cmocka_all.h"

static void test_xml_accepts(void **state)
{
    const char *good[] = {
        "<a/>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b=\"1\" c=\"&lt;2\"><d>x &amp; y</d></a>\n",
        "<a>\xc3\xa9\xe2\x80\xa6\xf0\x9f\x98\x80</a>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_null(wgt_xml_fault(good[i]));
    }
}

static void test_xml_refuses(void **state)
{
    const char *bad[] = {
        "",
        "x",
        "<a>",
        "<a></b>",
        "</a>",
        "<a/><b/>",
        "<a b=1/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a b=\"<\"/>",
        "<a>&</a>",
        "<a>&nbsp;</a>",
        "<a>\x01</a>",
        "<a>\xff</a>",
        "<a>\xc3</a>",
        "<a>\xed\xa0\x80</a>",
        "<a>\xef\xbf\xbf</a>",
        "<a b=\"",
        "<a",
        "< a/>",
        "<?xml version=\"2\"?><a/>",
        "<a/>x",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_non_null(wgt_xml_fault(bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xml_accepts),
        cmocka_unit_test(test_xml_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
