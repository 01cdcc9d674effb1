# SPDX-License-Identifier: EUPL-1.2
"""The world of the tests that talk to a whole Fundament: a demo sector, the school of the captured
requests (BRIN 19HY), a vendor with a certificate, and the pairs of the field's test environment."""
import csv
import hashlib
import json
import os
import sqlite3
import subprocess

from house import EXAMPLES, NO_LIMITS, Client, Folder, Server, Skip, fundament, secret

VENDOR = "00000003000000000001"     # the demo's first vendor
STRANGER = "00000003111111110000"   # a vendor with a certificate that nobody allowed
SCHOOL = "19HY"
SCHOOL_OIN = "0000000700019HY34567"
SCHOOL_CSV = (
    "PROVINCIE;BEVOEGD GEZAG NUMMER;INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;STRAATNAAM;"
    "HUISNUMMER-TOEVOEGING;POSTCODE;PLAATSNAAM;GEMEENTENUMMER;GEMEENTENAAM;DENOMINATIE;"
    "TELEFOONNUMMER;INTERNETADRES;ONDERWIJSSTRUCTUUR;AANTAL LEERLINGEN\r\n"
    "Friesland;10028;19HY;19HY00;Testschool op het eiland;Ballumerweg;24;9163 GB;NES;60;AMELAND;"
    "Openbaar;;;VBO/MAVO;145\r\n")


def vectors():
    path = os.path.join(EXAMPLES, "vectors.json")
    if not os.path.exists(path):
        raise Skip("the shared test data is not here")
    with open(path) as source:
        return json.load(source)


def hpgn(text):
    """Something of the form of an HPGN; the real derivation (scrypt) takes seconds each."""
    return hashlib.sha256(text.encode()).hexdigest()


def database(folder):
    """The setting for the engine that this run is for."""
    if os.environ.get("FUNDAMENT_TEST_ENGINE") != "postgres":
        return {}
    conninfo = os.environ.get("FUNDAMENT_TEST_POSTGRES")
    if not conninfo:
        raise Skip("FUNDAMENT_TEST_POSTGRES is not set")
    name = "suite_%d" % os.getpid()
    subprocess.run(["psql", "-q", conninfo, "-c", "DROP DATABASE IF EXISTS %s WITH (FORCE)" % name,
                    "-c", "CREATE DATABASE %s" % name], check=True, capture_output=True)
    return {"database": "postgres:%s dbname=%s" % (conninfo, name)}


def certificate(folder, oin):
    base = os.path.join(folder.path, oin)
    if not os.path.exists(base + ".crt"):
        fundament(folder.data, "certificate", oin, "--out", base)
    return base + ".crt", base + ".key"


class World(Folder):
    """`server`, and `client()`: what a test of the whole needs."""

    def __init__(self, schools=12, limits=False, **settings):
        self.schools, self.extra = schools, {**({} if limits else NO_LIMITS), **settings}

    def __enter__(self):
        super().__enter__()
        try:
            self.settings = {**self.extra, **database(self)}
            self.prepare()
            self.server = Server(self.data, **self.settings)
        except BaseException:
            super().__exit__()
            raise
        return self

    def __exit__(self, *what):
        try:
            self.server.stop()
        finally:
            super().__exit__(*what)

    def prepare(self):
        secret("fundament-demo")
        self.command("demo", "--schools", str(self.schools))
        self.command("import", "duo", self.file("vo.csv", SCHOOL_CSV), "--kind", "vo", "--force")
        self.command("allow", VENDOR, SCHOOL)

    def command(self, *words, **more):
        return fundament(self.data, *words, settings=self.settings, **more)

    def restart(self):
        self.server = Server(self.data, **self.settings)

    def by_hand(self, *statements):
        """Changes the database, whoever uses it: what days, or another's hand, would do."""
        if "database" in self.settings:
            words = [word for statement in statements for word in ("-c", statement)]
            subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1",
                            self.settings["database"][len("postgres:"):]] + words, check=True,
                           capture_output=True)
            return
        base = sqlite3.connect(os.path.join(self.data, "fundament.db"), timeout=10)
        for statement in statements:
            base.execute(statement)
        base.commit()
        base.close()

    def exported(self, organisation, name):
        """The tables of an export, each as its rows, and all of its text."""
        folder = os.path.join(self.path, name)
        self.command("export", organisation, folder)
        tables, text = {}, ""
        for file in sorted(os.listdir(folder)):
            with open(os.path.join(folder, file), newline="") as source:
                text += source.read()
            if file.endswith(".csv"):
                with open(os.path.join(folder, file), newline="") as source:
                    tables[file[:-4]] = list(csv.DictReader(source))
        return tables, text

    def client(self, oin=VENDOR, school=SCHOOL_OIN):
        return Client(self.server, *certificate(self, oin), school)

    def ca(self):
        return os.path.join(self.data, "tls", "demo-ca.crt")
