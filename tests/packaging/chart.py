# SPDX-License-Identifier: EUPL-1.2
"""The Helm chart, rendered (templates.py) with its own values and with others, and compose.yaml: what
they say must fit together, and fit the program. Neither Kubernetes nor a container engine runs here."""
import copy
import glob
import os
import re
import subprocess
import tempfile

import yaml

from house import ROOT, check, same, test
from templates import Chart, Wrong

FOLDER = os.path.join(ROOT, "packaging", "helm", "fundament")
COMPOSE = os.path.join(ROOT, "packaging", "container")
BINARY = os.path.join(ROOT, "build", "fundament")
ALL_ON = {"ingress": {"enabled": True}, "machines": {"configMap": "pki"},
          "image": {"digest": "sha256:0123", "pullSecrets": [{"name": "registry"}]},
          "service": {"type": "LoadBalancer", "annotations": {"a/b": "c"}},
          "networkPolicy": {"from": [{"namespaceSelector": {}}]}, "nodeSelector": {"disk": "fast"},
          "tolerations": [{"key": "school", "operator": "Exists"}], "podAnnotations": {"d": "e"}}
ALL_OFF = {"networkPolicy": {"enabled": False}}


def loaded(path):
    with open(path) as text:
        return yaml.safe_load(text)


def merged(values, others):
    for key, value in others.items():
        values[key] = merged(values.get(key) or {}, value) if isinstance(value, dict) else value
    return values


def chart(others=None):
    about, values = loaded(FOLDER + "/Chart.yaml"), loaded(FOLDER + "/values.yaml")
    files = {}
    for path in glob.glob(FOLDER + "/templates/*"):
        with open(path) as text:
            files["templates/" + os.path.basename(path)] = text.read()
    return Chart(files, {
        "Values": merged(copy.deepcopy(values), others or {}),
        "Release": {"Name": "school", "Service": "Helm", "Namespace": "onderwijs"},
        "Chart": {"Name": about["name"], "Version": about["version"],
                  "AppVersion": about["appVersion"]}})


def objects(others=None):
    """kind -> the object; each kind stands once in this chart."""
    rendered = chart(others)
    made = {}
    for name in rendered.trees:
        if name.endswith(".yaml"):
            for each in yaml.safe_load_all(rendered.render(name)):
                if each:
                    same(each["kind"] in made, False, "a second " + each["kind"])
                    made[each["kind"]] = each
    return made


def pod(made):
    return made["Deployment"]["spec"]["template"]["spec"]


def all_containers(made):
    return pod(made)["initContainers"] + pod(made)["containers"]


def config(settings, environment):
    """Does the program know these settings?"""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/fundament.conf", "w") as out:
            out.write(settings)
        done = subprocess.run([BINARY, "config", "--data", folder], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], **environment})
        check(done.returncode == 0, done.stderr)
        return done.stdout


# ---- the chart ----

@test
def the_chart_renders_with_its_own_values_and_with_all_on_or_off(_):
    own = {"ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service"}
    same(set(objects()), own, "the kinds")
    same(set(objects(ALL_ON)), own | {"Ingress"}, "the kinds with all on")
    same(set(objects(ALL_OFF)), own - {"NetworkPolicy"}, "the kinds with all off")


@test
def a_reference_to_a_value_that_is_not_there_is_found(_):
    broken = Chart({"a": "{{ .Values.imgae.tag }}"}, {"Values": {"image": {"tag": "1"}}})
    try:
        broken.render("a")
    except Wrong:
        return
    raise AssertionError("a wrong reference was rendered")


@test
def every_value_is_used(_):
    used = set()
    for others in (None, ALL_ON, ALL_OFF, {"image": {"tag": "7"}}):
        rendered = chart(others)
        for name in rendered.trees:
            rendered.render(name)
        used |= rendered.used

    def leaves(value, path):
        if path in used:
            return
        check(isinstance(value, dict) and value, "values.yaml: %s is used nowhere" % ".".join(path))
        for key, inner in value.items():
            leaves(inner, path + (key,))
    for key, value in loaded(FOLDER + "/values.yaml").items():
        leaves(value, (key,))


@test
def every_container_is_shut_in_and_has_its_limits(_):
    made = objects()
    for container in all_containers(made):
        context = container["securityContext"]
        same((context["readOnlyRootFilesystem"], context["runAsNonRoot"],
              context["allowPrivilegeEscalation"], context["capabilities"]),
             (True, True, False, {"drop": ["ALL"]}), "the context of " + container["name"])
        check("memory" in container["resources"]["limits"] and container["resources"]["requests"],
              container["name"] + " has no limits")
    context = pod(made)["securityContext"]
    same((context["runAsUser"], context["seccompProfile"]["type"]), (10001, "RuntimeDefault"),
         "the pod's context")
    same(pod(made)["automountServiceAccountToken"], False, "the service account's token")


@test
def probes_ask_what_the_program_answers_on_a_port_that_is_there(_):
    routes = subprocess.run([BINARY, "routes"], check=True, capture_output=True, text=True).stdout
    served = pod(objects())["containers"][0]
    ports = {port["name"] for port in served["ports"]}
    asked = {}
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        get = served[name]["httpGet"]
        asked[name] = get["path"]
        check(re.search(r"^GET\t%s\tpeople" % get["path"], routes, re.M), get["path"])
        check(get["port"] in ports and get["scheme"] == "HTTPS", name)
    same(asked["livenessProbe"], "/healthz", "the liveness probe")
    same(asked["readinessProbe"], "/readyz", "the readiness probe")


@test
def selectors_ports_and_volumes_fit_each_other(_):
    for others in (None, ALL_ON):
        made = objects(others)
        labels = made["Deployment"]["spec"]["template"]["metadata"]["labels"]
        for selector in (made["Deployment"]["spec"]["selector"]["matchLabels"],
                         made["Service"]["spec"]["selector"],
                         made["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
                         made["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]):
            check(selector.items() <= labels.items(), "%s selects no pod" % selector)
        ports = {port["name"] for port in pod(made)["containers"][0]["ports"]}
        same({port["targetPort"] for port in made["Service"]["spec"]["ports"]}, ports, "the ports")
        same({port["port"] for port in made["NetworkPolicy"]["spec"]["ingress"][0]["ports"]}, ports,
             "the ports that may be reached")
        volumes = {volume["name"] for volume in pod(made)["volumes"]}
        mounted = {mount["name"] for container in all_containers(made)
                   for mount in container["volumeMounts"]}
        same(mounted, volumes, "the volumes")
    same(made["Ingress"]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"],
         made["Service"]["metadata"]["name"], "the ingress's service")


@test
def the_charts_settings_are_known_to_the_program(_):
    for others in (None, ALL_ON):
        made = objects(others)
        names = {variable["name"] for container in all_containers(made)
                 for variable in container.get("env", [])}
        shown = config(made["ConfigMap"]["data"]["fundament.conf"],
                       {name: "postgres:host=x" if name.endswith("DATABASE") else "x"
                        for name in names})
        check("listen.address = ::" in shown, "the settings do not hold")


# ---- compose.yaml ----

def compose():
    return loaded(COMPOSE + "/compose.yaml")


@test
def the_composition_is_two_nodes_a_database_and_a_balancer_before_them(_):
    services = compose()["services"]
    same(set(services), {"database", "migrate", "node1", "node2", "proxy"}, "the services")
    for name, service in services.items():
        check(service.get("restart"), name + " is not started again")
        check(set(service.get("depends_on", [])) <= set(services), name + " waits for nobody")
        check("privileged" not in service, name + " is privileged")
    for name in ("migrate", "node1", "node2", "proxy"):
        service = services[name]
        same((service["read_only"], service["cap_drop"], service["security_opt"]),
             (True, ["ALL"], ["no-new-privileges:true"]), name)
    same([name for name in services if services[name].get("ports")], ["proxy"], "who is reached")


@test
def the_compositions_settings_are_known_to_the_program(_):
    services = compose()["services"]
    for name in ("migrate", "node1", "node2"):
        shown = config("", services[name]["environment"])
        check("listen.address = ::" in shown, name)
    proxy = services["proxy"]["networks"]["inside"]["ipv4_address"]
    same(services["node1"]["environment"]["FUNDAMENT_LISTEN_PROXIES"], proxy, "the balancer's address")


@test
def the_balancers_configuration_is_valid_and_names_both_nodes(_):
    path = COMPOSE + "/haproxy.cfg"
    done = subprocess.run(["/usr/sbin/haproxy", "-c", "-f", path], capture_output=True, text=True)
    check(done.returncode == 0, done.stdout + done.stderr)
    with open(path) as text:
        named = set(re.findall(r"^    server (\S+) ", text.read(), re.M))
    same(named, {"node1", "node2"}, "the servers")


@test
def every_path_that_the_composition_names_is_there(_):
    made = compose()
    build = made["x-node"]["build"]
    context = os.path.normpath(os.path.join(COMPOSE, build["context"]))
    check(os.path.exists(os.path.join(context, build["dockerfile"])), "no " + build["dockerfile"])
    for service in made["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            there = source in made["volumes"] if not source.startswith(".") else os.path.exists(
                os.path.join(COMPOSE, source))
            check(there, "no " + source)
