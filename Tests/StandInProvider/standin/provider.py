"""The provider itself: schemas from a file, plans by a few rules, and a cloud of JSON files."""

import json
import pathlib
import threading

import grpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc

from . import azure, azure_rules, google, google_rules, rules
from .faults import Faults
from .hook import Refused, Unfinished
from .operations import Operations
from .values import (
    UNKNOWN,
    decode,
    dotted,
    encode,
    has_unknown,
    known,
    pluck,
    schema_message,
    walk,
)

CLOUDS = {"google": google, "azurerm": azure}
RULES = {"google": google_rules.GOOGLE, "azurerm": azure_rules.AZURE}
SCHEMAS = pathlib.Path(__file__).parent.parent / "schemas"


class Provider(Operations, tfplugin_pb2_grpc.ProviderServicer):
    """Serves the recorded schema of one provider.

    cloud   folder with a file for each resource that lives
    log     file of JSON lines: every operation
    hook    called as hook(event, type, message), or a command given EVENT TYPE and the message as
            JSON: answers values to lay over the state, or fails with the diagnostic's text
    faults  path of the fault file (see faults.py)
    """

    def __init__(self, name, cloud=None, log=None, hook=None, faults=None):
        self.name, self.cloud, self.logfile, self.hook = name, cloud, log, hook
        self.facts, self.rules = CLOUDS[name], RULES[name]
        self.faults = Faults(name, faults, cloud)
        self.config, self.lock, self.stopping = {}, threading.RLock(), threading.Event()
        recorded = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
        schema = recorded["provider_schemas"][f"registry.terraform.io/hashicorp/{name}"]
        self.resources, self.sources = schema["resource_schemas"], schema["data_source_schemas"]
        self.provider_schema = schema["provider"]

    # Schema and validation

    def GetMetadata(self, request, context):
        """Not spoken here; Terraform asks for the whole schema then."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "no")

    def GetProviderSchema(self, request, context):
        """The recorded schema."""
        return pb.GetProviderSchema.Response(
            provider=schema_message(self.provider_schema),
            resource_schemas={name: schema_message(one) for name, one in self.resources.items()},
            data_source_schemas={name: schema_message(one) for name, one in self.sources.items()},
            server_capabilities=pb.ServerCapabilities(plan_destroy=False),
        )

    def GetFunctions(self, request, context):
        """No functions."""
        return pb.GetFunctions.Response()

    def ValidateProviderConfig(self, request, context):
        """The schema has said it all."""
        return pb.ValidateProviderConfig.Response()

    def ValidateDataResourceConfig(self, request, context):
        """The schema has said it all."""
        return pb.ValidateDataResourceConfig.Response()

    def ValidateResourceConfig(self, request, context):
        """What Terraform leaves to the SDK of a real provider."""
        config, found = decode(request.config), []
        enums = self.rules.enums.get(request.type_name, {})

        def check(path, attribute, value):
            name = dotted(path)
            if value is not None and not (attribute.get("optional") or attribute.get("required")):
                found.append((f'Value for unconfigurable attribute: "{name}"', path))
            if value is None and attribute.get("required"):
                found.append((f'Missing required argument: "{name}" is required', path))
            allowed = enums.get(name)
            if allowed and isinstance(value, str) and value not in allowed:
                found.append((f"expected {name} to be one of {allowed}, got {value}", path))
            return value

        block = self.resources[request.type_name]["block"]
        walk(block, config, check)
        return pb.ValidateResourceConfig.Response(
            diagnostics=[self.diagnostic(text, path) for text, path in found]
        )

    def diagnostic(self, text, path=()):
        """An error as Terraform wants it."""
        step = pb.AttributePath.Step
        steps = [
            step(element_key_int=one) if isinstance(one, int) else step(attribute_name=one)
            for one in path
        ]
        where = pb.AttributePath(steps=steps) if steps else None
        return pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=str(text), attribute=where)

    def ConfigureProvider(self, request, context):
        """Keeps what the configuration says."""
        config = decode(request.config) or {}
        self.config = {key: item for key, item in config.items() if item not in (None, [])}
        self.note(event="configure", provider=self.name, config=self.config)
        return pb.ConfigureProvider.Response()

    def StopProvider(self, request, context):
        """Ctrl-C: slow operations come to their end."""
        self.stopping.set()
        return pb.StopProvider.Response()

    # State

    def UpgradeResourceState(self, request, context):
        """State from a file, in the schema's form."""
        raw = json.loads(request.raw_state.json)
        block = self.resources[request.type_name]["block"]
        state = walk(block, raw, lambda path, attribute, item: item)
        return pb.UpgradeResourceState.Response(upgraded_state=encode(state))

    def ReadResource(self, request, context):
        """The state as the cloud has it, or none if it is gone."""
        kind, state = request.type_name, decode(request.current_state)
        try:
            if state is not None and self.cloud:
                state = self.load(kind, state.get("id"))
            if state is not None:
                state = self.operate("read", kind, state)
            return pb.ReadResource.Response(new_state=encode(state), private=request.private)
        except Refused as error:
            return pb.ReadResource.Response(
                new_state=request.current_state, diagnostics=[self.diagnostic(error)]
            )

    def ReadDataSource(self, request, context):
        """A data source, answered by the cloud's facts."""
        kind = request.type_name
        block = self.sources[kind]["block"]

        def unknown(path, attribute, value):
            return UNKNOWN if value is None and attribute.get("computed") else value

        try:
            state = walk(block, decode(request.config), unknown)
            state = self.operate("data", kind, self.fill(kind, state, block))
            return pb.ReadDataSource.Response(state=encode(state))
        except Refused as error:
            return pb.ReadDataSource.Response(diagnostics=[self.diagnostic(error)])

    # Plan and apply

    def PlanResourceChange(self, request, context):
        """Defaults, what the cloud refuses, what is known later, what needs a new resource."""
        answer, kind = pb.PlanResourceChange.Response, request.type_name
        prior, new = decode(request.prior_state), decode(request.proposed_new_state)
        if new is None or (prior is not None and prior == new):
            return answer(planned_state=encode(new), legacy_type_system=True)
        block = self.resources[kind]["block"]
        defaults = self.rules.defaults.get(kind, {})

        def settle(path, attribute, value):
            if value is not None:
                return value
            return UNKNOWN if attribute.get("computed") else defaults.get(dotted(path))

        planned = walk(block, new, settle)
        check = self.rules.checks.get(kind)
        broken = [self.diagnostic(text) for text in (check(known(planned)) if check else [])]
        if broken:
            return answer(diagnostics=broken)
        facts = self.facts.facts(kind, known(planned), self.config)
        config = decode(request.config)
        for name in self.rules.known_at_plan:
            attribute = block["attributes"].get(name, {})
            if attribute.get("computed") and config.get(name) is None and name in facts:
                if not has_unknown(new.get("labels")):
                    planned[name] = facts[name]
        replace = set()
        if prior is not None and prior != planned:
            for path in self.rules.force_new.get(kind, rules.FORCE_NEW):
                steps = path.split(".")
                if pluck(prior, steps) != pluck(planned, steps):
                    replace.add(steps[0])
        step = pb.AttributePath.Step
        return answer(
            planned_state=encode(planned),
            planned_private=request.prior_private,
            legacy_type_system=True,
            requires_replace=[
                pb.AttributePath(steps=[step(attribute_name=name)]) for name in sorted(replace)
            ],
        )

    def ApplyResourceChange(self, request, context):
        """Creates, changes or deletes."""
        answer, kind = pb.ApplyResourceChange.Response, request.type_name
        prior, planned = decode(request.prior_state), decode(request.planned_state)
        try:
            if planned is None:
                self.check_unused(kind, prior)
                self.operate("delete", kind, prior)
                self.store(kind, prior["id"], None)
                return answer(new_state=encode(None), legacy_type_system=True)
            state = self.fill(kind, planned, self.resources[kind]["block"])
            if prior is None and self.cloud and not self.rules.shared(kind):
                if self.load(kind, state.get("id")):
                    raise Refused(self.rules.exists.format(id=state["id"]))
            state = self.operate("create" if prior is None else "update", kind, state)
            self.store(kind, state.get("id"), state)
            return answer(
                new_state=encode(state), private=request.planned_private, legacy_type_system=True
            )
        except Refused as error:
            # With its id in the state Terraform knows what is there, and calls it tainted.
            known = isinstance(error, Unfinished) and self.facts.keeps_unfinished(self.config)
            return answer(
                new_state=encode(state if known else prior),
                diagnostics=[self.diagnostic(error)],
                legacy_type_system=True,
            )
