import Shared

/// `train stop`: asks the training to end; the agent syncs and stops the machine.
enum Stop {
    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "stop", RunArguments.self,
            summary: "Asks a training to end, with its checkpoint and a last sync."
        ) { parsed in
            let arguments = try parsed.checked()
            let (folder, record, cloud) = try await RunLookup(context: context).find(
                arguments.address)
            let view = try await RunView.look(at: record, in: folder, cloud: cloud)
            let isRunning = view.state == .running
            if isRunning { try await cloud.stop(view.record, in: folder) }
            if arguments.json {
                try context.console.printJSON(["asked_to_stop": isRunning])
            } else if isRunning {
                context.console.output(
                    "\(record.run) is asked to stop; collect it:  train finish \(record.run) --wait\n"
                )
            } else {
                let state = StatusText.headline(view, now: context.now())
                context.console.output("\(record.run) does not run: \(state)\n")
            }
            return ExitCode.ok.rawValue
        }
    }
}
