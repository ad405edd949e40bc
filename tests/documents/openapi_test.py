#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml and what hapxd answers.

  openapi_test.py FOLDER-OF-PROGRAMS [unittest's words]

A lab of three nodes is asked all that the document has, in peace and in trouble, and every answer
is held against it. Clients are to pass over keys that they don't know; here the document is closed,
so that a key which it doesn't have fails, as one does that is missing. It is planted wrong, too, to
see that this is noticed.
"""

import contextlib
import copy
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import unittest
import warnings

import jsonschema
import yaml

warnings.filterwarnings("ignore", "jsonschema.RefResolver", DeprecationWarning)

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
PLACE = TREE / "docs" / "openapi.yaml"
CONFIG_PLACE = TREE / "docs" / "hapx.schema.json"
LAB = "openapi"
PATIENCE = 60  # seconds; a healthy machine needs a tenth of it
SKIPPED = 77
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
SERVICE = "kube-apiserver"
FULL = ("node1", "node2")  # node3 is the witness
NODES = (*FULL, "node3")
JSON = "application/json"
# What is not always there.
OPTIONAL = {("Status", "twoNodes"), ("Status", "arbiter"), ("Told", "twoNodes"),
            ("Told", "arbiter"), ("Arbiter", "commitMs"), ("Reloaded", "waitsFor"),
            ("Counters", "arbiter_failures")}
# What a lab of three doesn't have.
UNSEEN = {"TwoNodes", "Arbiter"}
# Closed lists, and where their words are.
WORDS = (
    (("Phase", "enum"), "appliance/phase.cpp", r'\{FailoverPhase::\w+, "([a-z-]+)"'),
    (("Event", "properties", "kind", "enum"), "config/event_kind.hpp",
     r'\{"(\w+)", EventKind::'),
    (("TakeoverReason", "enum"), "appliance/takeover.cpp", r'return "([a-z-]+)";'),
    (("ResourceStatus", "enum"), "appliance/status.cpp", r'ResourceStatus::\w+:\n +return "(\w+)"'),
    (("Member", "properties", "state", "enum"), "appliance/status.cpp",
     r'MemberState::\w+:\n +return "(\w+)"'),
    (("Service", "properties", "fence", "enum"), "appliance/status.cpp",
     r'FenceStatus::\w+:\n +return "(\w+)"'),
    (("Status", "properties", "ordersState", "enum"), "appliance/status.cpp",
     r'OrdersState::\w+:\n +return "(\w+)"'),
    (("Rival", "properties", "kind", "enum"), "vip/claim.cpp", r'return "(\w+)";'),
)

# In a node's network: asks its window, and tells status, type and body as JSON. Of a stream it
# takes the first event.
ASK_WINDOW = """
import http.client, json, sys
method, target, accept, body = sys.argv[1:]
there = http.client.HTTPConnection("127.0.0.1", 9405, timeout=60)
there.request(method, target, body or None, {"Accept": accept} if accept else {})
answer = there.getresponse()
text = b""
if target == "/stream" and answer.status == 200:
    while not (text.count(b"data: ") and text.endswith(b"\\n\\n")):
        text += answer.readline()
else:
    text = answer.read()
print(json.dumps([answer.status, answer.getheader("Content-Type"), text.decode()]))
"""

# In the client's network: says to all that the address is its own.
CLAIM = """
import socket, sys
card = next(name for _, name in socket.if_nameindex() if name != "lo")
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((card, 0))
mac, ip = wire.getsockname()[4], socket.inet_aton(sys.argv[1])
wire.send(b"\\xff" * 6 + mac + bytes.fromhex("0806" "0001080006040001")
          + mac + ip + bytes(6) + ip)
"""


class Loader(yaml.SafeLoader):
    """YAML 1.2 as far as it is used here: times are texts."""


Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def every(value, path=()):
    """Each value within, with its path; itself first."""
    yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(
        value, list) else ()
    for key, one in inner:
        yield from every(one, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def objects_of(value):
    """The schemas within that are of objects with known keys."""
    return [(path, one) for path, one in every(value)
            if isinstance(one, dict) and isinstance(one.get("properties"), dict)
            and path[-1:] != ("properties",)]


class Document:
    """What stands in openapi.yaml, asked whether an answer is as it says."""

    def __init__(self, tree):
        self.tree = tree
        self.paths = tree["paths"]
        self.schemas = tree["components"]["schemas"]
        config = json.loads(CONFIG_PLACE.read_text())
        self.resolver = jsonschema.RefResolver(PLACE.as_uri(), tree,
                                               store={CONFIG_PLACE.as_uri(): config})

    @staticmethod
    def read():
        return Document(yaml.load(PLACE.read_text(), Loader))

    def closed(self):
        """The same, where no object has a key that is not named. All that an `allOf` has is one
        object for that."""
        closed = Document(copy.deepcopy(self.tree))
        for name, schema in closed.schemas.items():
            if "allOf" in schema:
                parts = [copy.deepcopy(closed.resolved(part)) for part in schema["allOf"]]
                closed.schemas[name] = {
                    "type": "object",
                    "required": [key for part in parts for key in part["required"]],
                    "properties": {key: one for part in parts
                                   for key, one in part["properties"].items()}}
        for _, schema in objects_of(closed.tree):
            schema.setdefault("additionalProperties", False)
        return closed

    def resolved(self, value):
        return self.resolver.resolve(value["$ref"])[1] if "$ref" in value else value

    def operations(self, window=False):
        """(path, METHOD, operation)"""
        for path, item in self.paths.items():
            for method, operation in item.items():
                if method.upper() in METHODS and ("servers" in item) == window:
                    yield path, method.upper(), operation

    def parameters(self, path):
        return {self.resolved(one)["name"] for one in self.paths[path].get("parameters", ())}

    def errors_of(self, schema, value):
        found = jsonschema.Draft202012Validator(schema, resolver=self.resolver).iter_errors(value)
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
                for error in found]

    def content(self, path, method, status):
        responses = self.paths[path][method.lower()]["responses"]
        return self.resolved(responses.get(str(status)) or responses["default"])["content"]

    def errors_in(self, answer):
        content = self.content(answer.path, answer.method, answer.status)
        if answer.type not in content:
            return [f"its type is {answer.type}, and not one of {', '.join(content)}"]
        return self.errors_of(content[answer.type]["schema"], answer.value)


class Answer:
    def __init__(self, path, method, status, kind, body):
        self.path, self.method, self.status, self.type, self.body = path, method, status, kind, body
        self.value = body
        if kind == JSON and method != "HEAD":
            self.value = json.loads(body)
        elif kind == "text/event-stream":
            begin, data, end, rest = body.split("\n")[0], *body.split("\n")[2:4], body[-2:]
            if (begin, data[:6], end, rest) != ("retry: 500", "data: ", "", "\n\n"):
                raise AssertionError(f"this is no beginning of a stream: {body[:200]}")
            self.value = json.loads(data[6:])

    def __str__(self):
        return f"{self.method} {self.path}: {self.status} {str(self.body)[:300]}"


class Connection(http.client.HTTPConnection):
    """To a Unix socket."""

    def __init__(self, place):
        super().__init__("hapx", timeout=PATIENCE)
        self.place = place

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.place)


class Lab:
    @classmethod
    def up(cls):
        cls.run("lab", "up", "--name", LAB, "--witness", "--links", "1")
        nodes = json.loads(cls.run("-o", "json", "lab", "status", "--name", LAB))["nodes"]
        cls.sockets = {node["name"]: node["socket"] for node in nodes}

    @classmethod
    def down(cls):
        cls.run("lab", "down", "--name", LAB)

    @staticmethod
    def run(*words):
        done = subprocess.run([PROGRAMS / "hapx", *words], capture_output=True, text=True,
                              timeout=2 * PATIENCE, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    @classmethod
    def on(cls, machine, *command):
        return cls.run("lab", "exec", "--name", LAB, machine, *command)

    @classmethod
    def ask(cls, asked, method, path, body=None, headers=None, **names):
        """By the path of the document; `names` fill it in. A text is sent as it is."""
        target = path.format(**names)
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        with contextlib.closing(Connection(cls.sockets[asked])) as there:
            there.request(method, target, text, headers or {})
            answer = there.getresponse()
            return Answer(path, method, answer.status, answer.getheader("Content-Type"),
                          answer.read().decode())

    @classmethod
    def ask_window(cls, node, method, path, accept="", body="", target=None):
        said = cls.on(node, sys.executable, "-c", ASK_WINDOW, method, target or path, accept, body)
        return Answer(path, method, *json.loads(said))

    @classmethod
    def status(cls, node):
        return cls.ask(node, "GET", "/v1/status").value

    @classmethod
    def is_well(cls):
        """But for a rival, which is remembered for a while."""
        states = [cls.status(node) for node in NODES]
        return not any(state["orders"] for state in states) and all(
            " claims " in reason for state in states for reason in state["degraded"])

    @classmethod
    def holder(cls, node="node1"):
        return cls.status(node)["services"][0]["holder"]


def eventually(what, so):
    """What `so` says in the end."""
    end = time.monotonic() + PATIENCE
    while not (said := so()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {PATIENCE} s")
        time.sleep(0.02)
    return said


def routes_told(text):
    """{(METHOD, path with {} for names)} of the comment on top of api.hpp."""
    told = set()
    comment = text[:text.index("#pragma once")]
    for methods, first, others in re.findall(
            r"((?:GET|POST|DELETE)(?:, (?:GET|POST|DELETE))*) +(/v1/\S+)((?: \| \S+)*)", comment):
        for path in [first, *others.split(" | ")[1:]]:
            path = path if path.startswith("/") else "/v1/" + path
            whole = re.sub(r"[][]", "", path)
            for one in {whole, re.sub(r"\[.*\]", "", path)}:
                one = re.sub(r"\b[A-Z]+\b", "{}", one)
                told |= {(method, one) for method in methods.split(", ")}
    return told


class TheDocument(unittest.TestCase):
    """By itself, and beside the sources."""

    @classmethod
    def setUpClass(cls):
        cls.document = Document.read()
        cls.closed = cls.document.closed()

    def test_its_schemas_are_some_and_all_that_it_refers_to_is_there(self):
        for name, schema in self.document.schemas.items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)
        used = set()
        for path, value in every(self.document.tree):
            if path[-1:] == ("$ref",):
                self.document.resolver.resolve(value)
                used.add(value)
        for kind in ("schemas", "responses", "parameters", "requestBodies"):
            for name in self.document.tree["components"][kind]:
                self.assertIn(f"#/components/{kind}/{name}", used)

    def test_every_operation_is_whole(self):
        names = []
        for path in self.document.paths:
            self.assertEqual(self.document.parameters(path), set(re.findall(r"{(\w+)}", path)))
        for window in (False, True):
            for path, method, operation in self.document.operations(window):
                names.append(operation["operationId"])
                self.assertIn("200", operation["responses"], path)
                self.assertIn("default", operation["responses"], path)
                self.assertTrue(operation["summary"], path)
                takes_body = method != "GET" and not path.endswith(
                    ("go-alone", "recording", "reload"))
                self.assertEqual("requestBody" in operation, takes_body, path)
        self.assertEqual(len(names), len(set(names)))

    def test_its_routes_are_those_of_the_house(self):
        described = {(method, re.sub(r"{\w+}", "{}", path))
                     for path, method, _ in self.document.operations()}
        told = routes_told((TREE / "appliance" / "api.hpp").read_text())
        self.assertEqual(sorted(described - told), [], "not told in appliance/api.hpp")
        self.assertEqual(sorted(told - described), [], "told in appliance/api.hpp alone")

    def test_its_words_are_those_of_the_house(self):
        for path, file, pattern in WORDS:
            with self.subTest("/".join(path)):
                words = re.findall(pattern, (TREE / file).read_text())
                self.assertEqual(sorted(at(self.document.schemas, path)), sorted(set(words)))
        refused = re.findall(r'constexpr std::string_view \w+ = "(.+)";',
                             (TREE / "membership" / "codec.hpp").read_text())
        counted = [name.split(".")[1] for name in self.document.schemas["Counters"]["required"]
                   if name.startswith("datagrams_refused.")]
        self.assertEqual(sorted(counted), sorted(refused))

    def test_it_says_what_is_always_there(self):
        for path, schema in objects_of(self.document.schemas):
            if path[0] == "DrillReport":
                continue
            keys = {key for key in schema["properties"] if (path[0], key) not in OPTIONAL}
            self.assertEqual(set(schema.get("required", ())), keys, "/".join(map(str, path)))

    def test_its_examples_are_as_it_says(self):
        count = 0
        for path, value in every(self.closed.tree):
            if not isinstance(value, dict) or "schema" not in value:
                continue
            for example in [value[key] for key in ("example",) if key in value] + [
                    one["value"] for one in value.get("examples", {}).values()]:
                count += 1
                self.assertEqual(self.closed.errors_of(value["schema"], example), [], path)
        self.assertGreater(count, 15)


class Answers(unittest.TestCase):
    """Of a lab."""

    @classmethod
    def setUpClass(cls):
        cls.document = Document.read()
        cls.closed = cls.document.closed()
        cls.eventful = None
        cls.addClassCleanup(Lab.down)
        Lab.up()

    def is_described(self, answer, status=200):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(self.closed.errors_in(answer), [], answer)
        return answer

    def is_refused(self, status, *question, document=None, **more):
        """By a path of the document, or at one that it doesn't have; then `document` is like it."""
        answer = Lab.ask("node1", *question, **more)
        answer.path, answer.method = document or (answer.path, answer.method)
        self.is_described(answer, status)
        self.assertTrue(answer.value["error"], answer)

    def reads(self):
        """Every GET of a node."""
        for path, method, _ in self.document.operations():
            if method == "GET":
                needed = self.document.parameters(path)
                for name in NODES if "node" in needed else (None,):
                    yield path, {"service": SERVICE, "node": name}

    def all_of(self, nodes):
        return [Lab.ask(node, "GET", path, **names) for node in nodes
                for path, names in self.reads()]

    def order(self, method, path, body=None, **names):
        return self.is_described(
            Lab.ask("node1", method, path, body, service=SERVICE, **names)).value

    def in_force(self):
        return [(order["kind"], order["node"]) for order in self.is_described(
            Lab.ask("node2", "GET", "/v1/orders")).value]

    def settle(self):
        eventually("all is well", Lab.is_well)

    def test_every_node_answers_every_question_as_described(self):
        answers = self.all_of(NODES)
        self.assertGreater(len(answers), 50)
        for answer in answers:
            self.is_described(answer)
            if answer.type == JSON:
                self.assertEqual(answer.body.count("\n"), 1, "one line")

    def test_the_parts_are_those_of_the_whole(self):
        status = Lab.status("node1")
        for part in ("members", "services", "orders"):
            answer = Lab.ask("node1", "GET", "/v1/" + part).value
            self.assertEqual([sorted(one) for one in answer], [sorted(one) for one in status[part]])
        of_service = {"service": SERVICE}
        told = Lab.ask("node1", "GET", "/v1/services/{service}", **of_service).value
        self.assertEqual(sorted(told), sorted([*status, "events"]))
        for path, key in (("/v1/nodes/{node}", "members"), ("/v1/services/{service}", "services")):
            told = Lab.ask("node1", "GET", path, node="node2", **of_service).value
            self.assertEqual(len(told[key]), 1, path)

    def test_orders_are_answered_as_described(self):
        """Each of them waits until it has come about."""
        standby, maintenance = "/v1/nodes/{node}/standby", "/v1/maintenance"
        ban, one_ban = "/v1/services/{service}/ban", "/v1/services/{service}/ban/{node}"
        self.settle()
        rest = next(node for node in FULL if node != Lab.holder())
        self.order("POST", standby, {"ttl": "30m", "by": "a test"}, node=rest)
        eventually("standby", lambda: self.in_force() == [("standby", rest)])
        order = Lab.ask("node2", "GET", "/v1/orders").value[0]
        self.assertEqual(order["by"], "a test")
        self.assertGreater(order["leftMs"], 29 * 60 * 1000)
        self.order("DELETE", standby, {"by": "a test"}, node=rest)
        eventually("online", lambda: self.in_force() == [])
        self.order("POST", ban, {"node": rest})
        eventually("ban", lambda: self.in_force() == [("ban", rest)])
        self.assertEqual(Lab.ask("node2", "GET", "/v1/orders").value[0]["until"], None)
        self.order("DELETE", one_ban, node=rest)
        eventually("no ban", lambda: self.in_force() == [])
        self.order("POST", ban, {"node": rest, "ttl": "1h"})
        self.order("DELETE", ban)
        self.order("DELETE", ban)  # there is none any more
        self.order("POST", maintenance)
        eventually("maintenance", lambda: self.in_force() == [("maintenance", None)])
        for answer in self.all_of(("node2",)):
            self.is_described(answer)
        self.order("DELETE", maintenance)
        self.settle()
        for to in (rest, None):
            before = Lab.holder()
            self.order("POST", "/v1/services/{service}/move", {"to": to} if to else None)
            eventually("a handover", lambda: Lab.holder() not in (None, before))
            self.settle()
        for body in ({"node": rest}, None):
            self.order("POST", "/v1/services/{service}/cleanup", body)
        self.assertEqual(self.order("POST", "/v1/reload")["taking"], [])
        self.order("POST", "/v1/recording")

    def test_refusals_are_as_described(self):
        self.is_refused(400, "GET", "/v1/status", document=("/v1/status", "GET"),
                        headers={"Bad header": "its name has a space"})
        self.is_refused(400, "GET", "/v1/status?wide", document=("/v1/status", "GET"))
        self.is_refused(404, "GET", "/v1/nothing", document=("/v1/status", "GET"))
        self.is_refused(404, "GET", "/", document=("/v1/status", "GET"))
        self.is_refused(409, "POST", "/v1/go-alone")
        self.is_refused(413, "POST", "/v1/maintenance", headers={"Content-Length": "65537"})
        self.is_refused(414, "GET", "/v1/" + 1024 * "a", document=("/v1/status", "GET"))
        for path, method, operation in self.document.operations():
            if self.document.parameters(path):
                self.is_refused(404, method, path, service="nobody", node="nobody")
            if "requestBody" in operation:
                names = {"service": SERVICE, "node": "node2"}
                for body in ("{", "[]", '{"unknown": 1}'):
                    self.is_refused(400, method, path, body, **names)
        self.is_refused(404, "POST", "/v1/nodes/{node}/standby", node="node3")  # a witness
        for path, body in (("/v1/services/{service}/move", {"to": "nobody"}),
                           ("/v1/services/{service}/move", {"to": "node3"}),
                           ("/v1/services/{service}/cleanup", {"node": "nobody"}),
                           ("/v1/services/{service}/ban", {}),
                           ("/v1/services/{service}/ban", {"node": "nobody"}),
                           ("/v1/services/{service}/ban", {"node": "node2", "by": ""}),
                           ("/v1/maintenance", {"ttl": "1"}),
                           ("/v1/maintenance", {"ttl": "1ms"}),
                           ("/v1/maintenance", {"node": "node2"}),
                           ("/v1/drill", {"startedAt": "now", "passed": True, "summary": []})):
            self.is_refused(400, "POST", path, body, service=SERVICE)
        self.assertEqual(self.in_force(), [])

    def test_no_path_takes_another_method(self):
        for path, item in self.document.paths.items():
            if "servers" in item:
                continue
            like = (path, next(method.upper() for method in item if method.upper() in METHODS))
            for method in METHODS:
                if method.lower() in item:
                    continue
                answer = Lab.ask("node1", method, path, service=SERVICE, node="node2")
                self.assertEqual((answer.status, answer.type), (405, JSON), answer)
                if method != "HEAD":
                    self.assertEqual(self.closed.errors_of(
                        self.closed.content(*like, 405)[JSON]["schema"], answer.value), [])

    def test_one_connection_too_many_is_refused_as_described(self):
        with contextlib.ExitStack() as held:
            for _ in range(33):
                there = held.enter_context(contextlib.closing(Connection(Lab.sockets["node3"])))
                there.connect()
            answer = http.client.HTTPResponse(there.sock)  # it is told so before it asks
            answer.begin()
            self.is_described(Answer("/v1/status", "GET", answer.status,
                                     answer.getheader("Content-Type"), answer.read().decode()), 503)
        eventually("room again", self.there_is_room)

    @staticmethod
    def there_is_room():
        with contextlib.suppress(OSError):  # one that is sent away may be so while it asks
            return Lab.ask("node3", "GET", "/v1/status").status == 200
        return False

    def test_an_order_without_an_answer_is_answered_as_described(self):
        def ask():
            self.settle()
            holder = Lab.holder()
            rest = next(node for node in FULL if node != holder)
            with self.cut_off(rest):  # it has to be asked before it is missed
                answer = Lab.ask(holder, "POST", "/v1/services/{service}/cleanup", {"node": rest},
                                 service=SERVICE)
            return answer if answer.status == 504 else None

        self.is_described(eventually("504", ask), 504)

    def test_the_window_answers_as_described(self):
        for path, method, _ in self.document.operations(window=True):
            self.is_described(Lab.ask_window("node1", method, path))
        answer = self.is_described(Lab.ask_window(
            "node3", "GET", "/metrics", accept="application/openmetrics-text"))
        self.assertTrue(answer.type.startswith("application/openmetrics-text"))
        self.assertTrue(answer.body.endswith("# EOF\n"))
        for status, method, path, more in ((404, "GET", "/", {"target": "/v1/status"}),
                                           (405, "POST", "/", {}), (405, "DELETE", "/metrics", {}),
                                           (405, "HEAD", "/stream", {}),
                                           (413, "POST", "/metrics", {"body": "a body"})):
            answer = Lab.ask_window("node1", method, path, **more)
            answer.method = "GET"
            self.is_described(answer, status)
            self.assertEqual(answer.body.strip() == "", method == "HEAD", answer)

    @contextlib.contextmanager
    def cut_off(self, node):
        ways = "ip link set eth0 {0} && ip link set eth1 {0}"
        try:
            Lab.on(node, "sh", "-c", ways.format("down"))
            yield
        finally:
            Lab.on(node, "sh", "-c", ways.format("up"))

    def trouble(self):
        """What the nodes say while one is alone, and when all that can be told has happened; once
        for all tests."""
        if self.eventful is not None:
            return self.eventful
        self.settle()
        said = []
        drill = {"startedAt": "2026-11-28T13:36:57Z", "passed": True, "plan": "a test",
                 "summary": [{"fault": "power-loss", "runs": 2, "passed": 2,
                              "outageMedianMs": 262.25, "outageMaxMs": 271}]}
        said += [Lab.ask(node, "POST", "/v1/drill", drill) for node in NODES]
        lost = Lab.holder()
        other = next(node for node in FULL if node != lost)
        with self.cut_off(lost):
            eventually("a failover", lambda: Lab.status(other)["failoverTimes"]["phases"])
            eventually("no quorum", lambda: not Lab.status(lost)["quorate"])
            said += self.all_of((lost, other))
            said.append(Lab.ask(lost, "POST", "/v1/services/{service}/move", service=SERVICE))
        self.settle()
        said.append(Lab.ask(other, "POST", "/v1/services/{service}/ban",
                            {"node": lost, "ttl": "1h"}, service=SERVICE))
        vip = Lab.status(other)["services"][0]["vips"][0]["address"]
        Lab.on("client", sys.executable, "-c", CLAIM, vip)
        eventually("a conflict", lambda: Lab.ask(other, "GET", "/v1/conflicts").value)
        said += self.all_of((other, lost))
        said.append(Lab.ask_window(other, "GET", "/stream"))
        said.append(Lab.ask(other, "DELETE", "/v1/services/{service}/ban", service=SERVICE))
        said.append(Lab.ask(other, "POST", "/v1/go-alone"))
        said.append(Lab.ask(other, "POST", "/v1/reload"))
        type(self).eventful = said
        return said

    def test_in_trouble_all_is_as_described_too(self):
        said = self.trouble()
        for answer in said:
            self.assertEqual(self.closed.errors_in(answer), [], answer)
        self.assertEqual({answer.status for answer in said}, {200, 409})
        states = [answer.value for answer in said if answer.path == "/v1/status"]
        self.assertEqual({state["quorate"] for state in states}, {True, False})
        self.assertTrue(any(state["orders"] for state in states))
        self.assertTrue(any(state["failoverTimes"]["phases"] for state in states))
        self.assertTrue(any(state["lastTakeovers"] for state in states))
        self.assertTrue(any(state["services"][0]["vips"][0]["rivals"] for state in states))
        self.assertTrue(all(state["drill"] for state in states))

    def test_a_planted_error_is_noticed(self):
        """Each key in turn is not described, and one more is always there."""
        said = [answer for answer in self.trouble() if answer.type in (JSON, "text/event-stream")]
        for answer in said:  # an event is as good as a hundred
            if isinstance(answer.value, dict) and "events" in answer.value:
                answer.value["events"] = answer.value["events"][-3:]
        said.sort(key=lambda answer: (answer.path != "/v1/status", -len(answer.body)))
        document = Document(self.document.tree).closed()
        self.assertTrue(all(not document.errors_in(answer) for answer in said))

        def is_noticed():
            return any(document.errors_in(answer) for answer in said)

        planted = 0
        for path, schema in objects_of(document.schemas):
            if path[0] in UNSEEN or path[0] == "DrillReport":
                continue
            name = "/".join(map(str, path))
            for key in [key for key in schema["properties"] if (path[0], key) not in OPTIONAL]:
                planted += 1
                removed = schema["properties"].pop(key)
                self.assertTrue(is_noticed(), f"{name}: {key} is not described")
                schema["properties"][key] = removed
            schema["required"].append("planted")
            self.assertTrue(is_noticed(), f"{name}: planted is not there")
            schema["required"].pop()
        self.assertGreater(planted, 200)
        self.assertFalse(is_noticed())


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
    if os.geteuid() != 0:
        print("openapi: SKIPPED: only root can make a lab", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
