import Shared

/// The flags of `train finish`.
struct FinishArguments: RunAddressing {
    var address = RunAddress()
    var destination = "."
    var wait = false
    var stop = false
    var force: String?
    var discard: String?
    var exitStatus = false
    var json = false

    static var options: [Option<Self>] {
        addressOptions + [
            .text(
                "--destination", "directory", \.destination,
                "Where the folder of the run's output goes."
            ).completing(.directory),
            .flag("--wait", \.wait, "Waits for a training that still goes on."),
            .flag(
                "--stop", \.stop, "Asks a training that still goes on to stop, and waits for it."),
            .text(
                "--force", "code/dataset", \.force,
                "Kills what still runs and collects what there is, verified or not; give the run's "
                    + "name once more."),
            .text(
                "--discard", "code/dataset", \.discard,
                "Removes the run with its output; give the run's name once more."),
            .flag(
                "--exit_status", \.exitStatus,
                "Ends with the trainer's status once all is collected, instead of 0."),
            .flag("--json", \.json, "Prints what was collected as JSON."),
        ]
    }
}
