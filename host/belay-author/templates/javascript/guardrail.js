// {{summary}}

const SCHEMA = {
  type: "object",
  properties: {
    max_consumers: {
      type: "integer",
      minimum: 0,
      description: "The most consumers that the feature set may have.",
    },
  },
  required: ["max_consumers"],
  additionalProperties: false,
};

export const judging = {
  describe() {
    return {
      name: "{{name}}",
      version: "{{version}}",
      summary: "{{summary}}",
      configSchema: JSON.stringify(SCHEMA),
      attributesSchema: "{}",
    };
  },

  judge(facts, config) {
    const most = bound(parsed("the configuration", config));
    const found = consumers(parsed("the facts", facts)).length;
    const verdict =
      found <= most
        ? { tag: "allow" }
        : { tag: "deny", val: [`${found} consumers, at most ${most} are allowed`] };
    return { verdict, factors: [], notes: [] };
  },
};

// What is missing or of another kind is never read as nothing: a fault denies.
function invalid(why) {
  return Object.assign(new Error(why), { payload: { tag: "invalid", val: why } });
}

function parsed(what, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`${what}: ${error.message}`);
  }
}

// A misspelt bound is no bound, so it is refused.
function bound(config) {
  const names = config !== null && typeof config === "object" ? Object.keys(config) : [];
  const most = config?.max_consumers;
  if (names.join() !== "max_consumers" || !Number.isSafeInteger(most) || most < 0) {
    throw invalid("the configuration is {max_consumers: a number from 0}");
  }
  return most;
}

// Members of the facts that this policy doesn't know are left alone: facts grow.
function consumers(facts) {
  const found = facts?.feature_set?.consumers;
  if (!Array.isArray(found)) {
    throw invalid("the facts have no list feature_set.consumers");
  }
  return found;
}
