# SPDX-License-Identifier: EUPL-1.2
"""Is an answer what the WSDL's schema says? xmllint decides, on the schema cut out of the WSDL."""
import os
import subprocess
import xml.etree.ElementTree as ET

from house import EXAMPLES, NS, SOAP, WSA, check, same

XSD = "http://www.w3.org/2001/XMLSchema"
# SOAP 1.1, section 4.4.1, and WS-Addressing 1.0 SOAP Binding, section 6.4.
FAULT_CODES = {"Client", "Server", "MustUnderstand", "VersionMismatch", "ActionMismatch",
               "InvalidAddressingHeader", "MessageAddressingHeaderRequired"}


class Schema:
    def __init__(self, folder):
        self.folder = folder
        self.path = os.path.join(folder, "eckid.xsd")
        wsdl = ET.parse(os.path.join(EXAMPLES, "wsdl", "eckid.wsdl"))
        schema = wsdl.getroot().find(".//{%s}schema" % XSD)
        # The types are named "sid:..." in attribute values, which the parser does not see as names.
        schema.set("xmlns:sid", NS)
        ET.register_namespace("xsd", XSD)
        ET.ElementTree(schema).write(self.path, encoding="utf-8", xml_declaration=True)

    def validate(self, element):
        path = os.path.join(self.folder, "answer.xml")
        ET.ElementTree(element).write(path, encoding="utf-8", xml_declaration=True)
        done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", self.path, path],
                              capture_output=True, text=True)
        check(done.returncode == 0, done.stderr[:600])


def body_of(content):
    """The one child of the Body, with the checks that hold for every answer."""
    envelope = ET.fromstring(content)
    same(envelope.tag, "{%s}Envelope" % SOAP, "the root element")
    bodies = envelope.findall("{%s}Body" % SOAP)
    same(len(bodies), 1, "the number of Bodies")
    same(len(bodies[0]), 1, "the number of elements in the Body")
    return envelope, bodies[0][0]


def check_headers(envelope, action, relates_to):
    """WS-Addressing 1.0: clients refuse an answer without Action; RelatesTo is the request's id."""
    header = envelope.find("{%s}Header" % SOAP)
    check(header is not None, "the answer has no Header")
    same(header.findtext("{%s}Action" % WSA), action, "wsa:Action")
    same(header.findtext("{%s}RelatesTo" % WSA), relates_to, "wsa:RelatesTo")
    message_id = header.findtext("{%s}MessageID" % WSA) or ""
    check(message_id.startswith("urn:uuid:"), "wsa:MessageID is no urn:uuid")


def check_fault(fault):
    """SOAP 1.1, section 4.4: faultcode and faultstring without a namespace, in this order."""
    same(fault.tag, "{%s}Fault" % SOAP, "the element in the Body")
    names = [child.tag for child in fault]
    same(names, [name for name in ("faultcode", "faultstring", "faultactor", "detail")
                 if name in names], "the Fault's elements")
    code = fault.findtext("faultcode") or ""
    check(code.split(":")[-1] in FAULT_CODES, "no known faultcode: " + code)
    check(fault.findtext("faultstring"), "the Fault has no faultstring")
    return fault.findtext("faultactor")
