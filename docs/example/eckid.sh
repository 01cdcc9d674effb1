#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Asks an ECK iD with curl, in two calls: eckid.sh HPGN CERTIFICATE_BASE
#
# CERTIFICATE_BASE.crt and .key are the vendor's (see `fundament certificate`). Other settings by
# environment: URL, CA (the authority that signed the server's certificate), SCHOOL_OIN, CHAIN, SECTOR.
set -eu

hpgn=$1
base=$2
url=${URL:-https://localhost:8444/eck/ws/201703}
ca=${CA:-./data/tls/demo-ca.crt}
school=${SCHOOL_OIN:-0000000700090AA00000}
terms=http://purl.edustandaard.nl/begrippenkader
chain=${CHAIN:-$terms/e7ec7d3c-c235-4513-bfb6-e54e66854795}
sector=${SECTOR:-$terms/512e4729-03a4-43a2-95ba-758071d1b725}
ns=http://ketenid.nl/eck/schemas/v1_0

# call OPERATION CONTENT: prints the answer's envelope
call() {
    curl --silent --show-error --cacert "$ca" --cert "$base.crt" --key "$base.key" \
        --header 'Content-Type: text/xml; charset=utf-8' --header "SOAPAction: \"$ns/$1\"" \
        --data-binary @- "$url" <<XML
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://www.w3.org/2005/08/addressing">
 <s:Header>
  <a:Action>$ns/$1</a:Action>
  <a:MessageID>urn:uuid:$(cat /proc/sys/kernel/random/uuid)</a:MessageID>
  <a:To>$url</a:To>
  <a:From><a:Address>http://www.w3.org/2005/08/addressing/anonymous?oin=$school</a:Address></a:From>
 </s:Header>
 <s:Body><e:${1}Request xmlns:e="$ns">$2</e:${1}Request></s:Body>
</s:Envelope>
XML
}

# value ELEMENT: the text of that element of an envelope; the whole envelope when it is a fault
value() {
    answer=$(cat)
    case $answer in
    *"<"*"$1>"*) printf '%s\n' "$answer" | tr -d '\n' | sed "s/.*[<:]$1>\\([^<]*\\)<.*/\\1/" ;;
    *) printf '%s\n' "$answer" >&2; exit 1 ;;
    esac
}

stampseudonym=$(call retrieveStampseudonym "<e:hpgn>$hpgn</e:hpgn>" | value stampseudonym)
call retrieveEckId "<e:stampseudonym>$stampseudonym</e:stampseudonym><e:chainId>$chain</e:chainId><e:sectorId>$sector</e:sectorId>" | value eckId
