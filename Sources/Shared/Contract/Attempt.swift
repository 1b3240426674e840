/// One start of the trainer, counted over all machines of a run.
///
/// The documents keep two counts under the keys of their first version: `attempt` is the machine,
/// `restarts` the further starts on all machines so far. The sum is what a user calls the attempt.
package struct Attempt: Sendable, Equatable {
    /// From 1: how often an agent began, on a new machine or after a restart of the agent.
    package var machine: Int
    /// Further starts of a trainer that failed, on this machine and those before it.
    package var restarts: Int

    package init(machine: Int = 1, restarts: Int = 0) {
        self.machine = machine
        self.restarts = restarts
    }

    /// What is wrong with counts from a document, since the next attempt counts on from them; nil
    /// for nothing.
    package var objection: String? {
        for (name, number) in [("attempt", machine), ("restarts", restarts)]
        where !(0...1_000_000_000).contains(number) {
            return "field '\(name)' is \(number), which no run reaches"
        }
        return nil
    }

    /// From 1: what the trainer reads as `AI_TRAINING_ATTEMPT`.
    package var number: Int { machine + restarts }

    /// The first start on the next machine.
    package var onNextMachine: Attempt { Attempt(machine: machine + 1, restarts: restarts) }

    /// The next start on this machine.
    package var restarted: Attempt { Attempt(machine: machine, restarts: restarts + 1) }
}
