"""What an operation does in the toy cloud: what it answers, refuses and leaves behind."""

import json
import time

from . import rules
from .files import Files
from .hook import Refused, Unfinished, call_hook
from .values import UNKNOWN, dig, known, made_up, merge, walk


class Operations(Files):
    """The cloud's side of a provider, whose schema, rules and faults it uses."""

    def check_unused(self, kind, state):
        """A cloud does not remove a resource that another one holds."""
        holder, attribute = self.rules.held_by.get(kind, (None, None))
        for file in self.living(holder) if holder else []:
            if state["id"] in (file.get(attribute) or []):
                raise Refused(self.rules.in_use.format(id=state["id"], holder=file["id"]))

    def fill(self, kind, state, block):
        """The state with everything unknown answered as the cloud would."""
        settled = known(state)
        facts = self.facts.facts(kind, settled, self.config)
        seed = json.dumps([settled.get(key) for key in rules.IDENTITY], default=repr)

        def answer(path, attribute, value):
            if value is not UNKNOWN:
                return value
            given = dig(facts, path)
            return made_up(attribute["type"], kind, path, seed) if given is None else given

        return walk(block, state, answer)

    def operate(self, event, kind, state):
        """One operation on the cloud: faults, loopback services, the hook."""
        if event != "read":
            self.note(event=event, type=kind, state=state)
        self.fail(event, kind, state)
        reason = self.facts.refusal(kind, state, self.config, self.living) if self.cloud else None
        if reason:
            raise Refused(self.faults.text({"fault": reason}, state))
        try:
            state = merge(state, self.facts.backend(event, kind, state, self.config) or {})
        except LookupError:
            self.store(kind, state.get("id"), None)  # gone behind Terraform's back
            return None
        except OSError as error:
            raise Refused(error) from error
        message = {"event": event, "type": kind, "state": state, "provider": self.config}
        return merge(state, call_hook(self.hook, event, kind, message) or {})

    def fail(self, event, kind, state):
        """Does what the fault file says, if it says something about this operation."""
        entry = self.faults.find(event, kind, {"project": self.config.get("project"), **state})
        if entry is None:
            return
        delay = entry.get("delay", 0)
        if entry.get("on_stop") == "deaf":
            self.store(kind, state.get("id"), state)
            time.sleep(delay)
            return
        stopped = self.stopping.wait(delay) if entry["fault"] == "slow" else time.sleep(delay)
        if entry.get("leaves"):
            self.store(kind, state.get("id"), state)
            raise Unfinished(self.faults.text(entry, state))
        if entry["fault"] != "slow":
            raise Refused(self.faults.text(entry, {"project": self.config.get("project"), **state}))
        how = entry.get("on_stop", "finish") if stopped else "finish"
        if how == "orphan":
            self.store(kind, state.get("id"), state)
        if how != "finish":
            raise Refused(f"{event} {state.get('name')}: context canceled")

    def note(self, **line):
        """One line of the log."""
        if self.logfile:
            with self.lock, open(self.logfile, "a") as file:
                file.write(json.dumps(line, default=repr) + "\n")
