/* Whether a text is a well-formed XML document, of the part of XML that pictures use.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Elements, attributes in double quotes, text, the four entities and the declaration; neither
 * comments nor sections nor document types. */
#ifndef WG_SUPPORT_XML_H
#define WG_SUPPORT_XML_H

/* NULL where the text is well-formed, or else what is wrong with it. */
const char *wgt_xml_fault(const char *text);

#endif
