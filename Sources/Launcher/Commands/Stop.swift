import Shared

/// `train stop`: asks the training to end; the agent syncs and stops the machine.
enum Stop {
    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "stop", RunArguments.self,
            summary: "Asks a training to end, so that it can save, and syncs once more.",
            discussion: """
                The trainer gets SIGTERM, and is killed after --grace_seconds. It saves a
                checkpoint meanwhile where its code listens: by StopRequest or a
                SteeringCallback of ai_training_utils, which Lightning has by itself under
                the observer, or by a handler of its own. A program that does not listen ends
                at once. What it had saved before is kept in any case.
                """
        ) { parsed in
            let arguments = try parsed.checked()
            let view = try await RunStore(context: context).open(arguments.address).look()
            let run = view.run
            let isRunning = view.state == .running
            let isBucket = isRunning ? try await ask(run, context) : false
            if arguments.json {
                try context.console.printJSON(["asked_to_stop": isRunning])
            } else if isRunning {
                let road =
                    isBucket
                    ? "through its bucket, which its agent reads within 5 minutes; then collect it"
                    : "to stop; collect it"
                let asked = isBucket ? "is asked to stop " : "is asked "
                context.console.output(
                    "\(run.name) \(asked)\(road):  train finish \(run.name) --wait\n")
            } else {
                let state = StatusText.headline(view, now: context.now())
                context.console.output("\(run.name) does not run: \(state)\n")
            }
            return ExitCode.ok.rawValue
        }
    }

    /// - Returns: whether it went through the bucket, since the machine did not answer.
    @discardableResult
    static func ask(_ run: RunHandle, _ context: Context) async throws -> Bool {
        do {
            try await run.cloud.connection(to: run).stopAgent()
            return false
        } catch let failure as Failure {
            BucketRoad.warn(of: failure, context)
            let request = Steering.request(.stop, context)
            do {
                try await BucketRoad(run: run).send(request)
            } catch is Failure {
                throw failure
            }
            return true
        }
    }
}
