// The function's environment variables. Those of the system are libc's, which never frees a value that was replaced:
// the trace of an invocation, a new one each time, would take 160 bytes for good. So it is kept here alone. All else that
// the function writes goes to the system's too.
"use strict";

const trace = "_X_AMZN_TRACE_ID";

/** Stands for `process.env` from now on. @returns a way to set, for an invocation, what its trace is */
function installVariables() {
  const system = process.env;
  const known = { ...system };
  const variables = new Proxy(known, {
    set(_known, name, value) {
      // What can't be a variable is refused by the system's.
      if (name !== trace) system[name] = value;
      known[name] = String(value);
      return true;
    },
    defineProperty(_known, name, descriptor) {
      if (name !== trace) Object.defineProperty(system, name, descriptor);
      return Reflect.defineProperty(known, name, { ...descriptor, value: String(descriptor.value) });
    },
    deleteProperty(_known, name) {
      if (name !== trace) delete system[name];
      return delete known[name];
    },
  });
  process.env = variables;
  return (value) => {
    const at = process.env === variables ? known : process.env;
    if (value) at[trace] = value;
    else delete at[trace];
  };
}

module.exports = { installVariables };
