/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/http/server.h"

const struct setting http_settings[] = {
    { "http.bodies", SETTING_INT, "512",
      N_("Most memory that all large request bodies together may take, in MiB; over it, senders are "
         "told to come back."),
      16, 1048576 },
    { "http.connections", SETTING_INT, "10000", N_("Most connections at a time, per listener."), 16,
      1000000 },
    { "http.idle_seconds", SETTING_INT, "60",
      N_("A connection on which nothing is sent for this long is closed."), 1, 3600 },
    { "http.memory", SETTING_INT, "256", N_("Most memory that one request may take, in MiB."), 1,
      65536 },
    { "http.request_seconds", SETTING_INT, "60",
      N_("A request must have arrived completely within this time."), 1, 3600 },
    { "http.slowest_kib", SETTING_INT, "32",
      N_("A client that takes an answer slower than so many KiB a second is cut off, after "
         "http.request_seconds."),
      1, 1048576 },
    { "http.threads", SETTING_INT, "4", N_("Network threads per listener."), 1, 64 },
    { "http.workers", SETTING_INT, "32", N_("Threads that answer requests."), 1, 1024 },
    { "limit.connections", SETTING_INT, "2000",
      N_("Most connections that one address may hold at a time; a reverse proxy is not counted. 0: no "
         "limit."),
      0, 1000000 },
    { "limit.login", SETTING_INT, "10",
      N_("Log-in attempts a minute from one address; 0: no limit."), 0, 100000 },
    { "limit.machines", SETTING_INT, "2000",
      N_("Requests a second with one client certificate; 0: no limit."), 0, 1000000 },
    { "limit.people", SETTING_INT, "50",
      N_("Requests a second from one address to the pages, or without a client certificate; 0: no "
         "limit."), 0, 1000000 },
    { "limit.people_burst", SETTING_INT, "500",
      N_("Requests that one address may make at once before limit.people counts."), 1, 1000000 },
    { "listen.address", SETTING_TEXT, "127.0.0.1",
      N_("The address to listen on: 127.0.0.1 is this computer only, :: is every address.") },
    { "listen.proxies", SETTING_TEXT, "",
      N_("Addresses of load balancers that hand connections on and tell by the PROXY protocol (version "
         "2) who connected, with commas between them. Empty: none.") },
    { "machines.ca", SETTING_TEXT, "tls/demo-ca.crt",
      N_("The CAs (PEM) whose client certificates are accepted. Empty: no listener for machines.") },
    { "machines.crl", SETTING_TEXT, "",
      N_("The certificate revocation lists (PEM) of those CAs. Empty: none.") },
    { "machines.port", SETTING_INT, "8444",
      N_("The port for machines, with client certificates; 0: any free port."), 0, 65535 },
    { "metrics.client", SETTING_TEXT, "",
      N_("The serialNumber (OIN) in the certificate of the machine that may read /metrics. Empty: "
         "none.") },
    { "metrics.open", SETTING_FLAG, "no",
      N_("Gives /metrics on the people's listener to this computer without logging in.") },
    { "people.port", SETTING_INT, "8443", N_("The port for people; 0: any free port."), 0, 65535 },
    { "proxy.from", SETTING_TEXT, "",
      N_("The addresses of reverse proxies on other computers, with commas between them. They speak "
         "plain HTTP: keep that on a network of your own.") },
    { "proxy.machines", SETTING_TEXT, "",
      N_("Where a reverse proxy speaks plain HTTP for machines: unix:/PATH or ADDRESS:PORT.") },
    { "proxy.people", SETTING_TEXT, "",
      N_("Where a reverse proxy speaks plain HTTP for people: unix:/PATH or ADDRESS:PORT.") },
    { "server.drain_seconds", SETTING_INT, "5",
      N_("How long a server that is told to stop goes on serving while /readyz already says 503, so "
         "that a load balancer sends it nothing more; only when one asked /readyz in the last minute."),
      0, 300 },
    { "tls.certificate", SETTING_TEXT, "tls/server.crt",
      N_("The server's certificate and its chain (PEM). Empty: no TLS, only a reverse proxy.") },
    { "tls.key", SETTING_TEXT, "tls/server.key", N_("The private key of that certificate (PEM).") },
    { .name = NULL },
};
