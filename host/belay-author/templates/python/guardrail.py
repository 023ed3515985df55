"""{{summary}}"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.judging import Judgement, Verdict_Allow, Verdict_Deny
from wit_world.imports.types import Description, Fault_Invalid

SCHEMA = {
    "type": "object",
    "properties": {
        "max_consumers": {
            "type": "integer",
            "minimum": 0,
            "description": "The most consumers that the feature set may have.",
        }
    },
    "required": ["max_consumers"],
    "additionalProperties": False,
}


class Judging(exports.Judging):
    def describe(self) -> Description:
        return Description("{{name}}", "{{version}}", "{{summary}}", json.dumps(SCHEMA), "{}")

    def judge(self, facts: str, config: str) -> Judgement:
        try:
            most = bound(json.loads(config))
            found = len(consumers(json.loads(facts)))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            # What is missing or of another kind is never read as nothing: a fault denies.
            raise Err(Fault_Invalid(f"the facts or the configuration: {error!r}")) from None
        if found <= most:
            return Judgement(Verdict_Allow(), [], [])
        return Judgement(Verdict_Deny([f"{found} consumers, at most {most} are allowed"]), [], [])


def bound(config) -> int:
    """The bound. A misspelt one is no bound, so it is refused."""
    if not isinstance(config, dict) or set(config) != {"max_consumers"}:
        raise ValueError("the configuration is {max_consumers: a number}")
    most = config["max_consumers"]
    if not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise ValueError("max_consumers is a number from 0")
    return most


def consumers(facts) -> list:
    """The consumers. Members of the facts that this policy doesn't know are left alone: facts grow."""
    found = facts["feature_set"]["consumers"]
    if not isinstance(found, list):
        raise TypeError("feature_set.consumers is no list")
    return found
