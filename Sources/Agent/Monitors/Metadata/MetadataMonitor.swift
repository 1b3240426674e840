import Shared

/// One fact that the cloud's metadata server tells this machine, and what the run does about it.
protocol MetadataWatch: Sendable {
    /// From one answer to the next question, at least.
    var interval: Duration { get }

    /// Asks once; a server that lets the question wait for a change is asked in that way.
    ///
    /// - Returns: whether there is nothing more to watch.
    /// - Throws: `Failure` where the answer is not what the cloud promises.
    mutating func look(_ client: MetadataClient, _ context: RunContext) async throws -> Bool
}

/// Watches the metadata server for as long as the agent lives: the final sync needs the notice too.
struct MetadataMonitor {
    /// What is watched on the machines of each cloud; nothing where the run's machine is rented nowhere.
    static func watches(cloud: String) -> [any MetadataWatch] {
        switch cloud {
        case "gcp": [GooglePreemption()]
        case "aws": [AmazonPreemption()]
        case "azure": [AzurePreemption()]
        default: []
        }
    }

    let context: RunContext
    var client = MetadataClient()

    /// Runs all watches side by side until the task that is returned is cancelled.
    static func start(_ context: RunContext) -> Task<Void, Never> {
        let monitor = MetadataMonitor(context: context)
        return Task { await monitor.run(watches(cloud: context.job.run.cloud)) }
    }

    func run(_ watches: [any MetadataWatch]) async {
        await withTaskGroup { group in
            for watch in watches { group.addTask { await follow(watch) } }
        }
    }

    /// A question without an answer is asked again and told once: a notice may still come.
    private func follow(_ watch: any MetadataWatch) async {
        var watch = watch
        var isTold = false
        while !Task.isCancelled {
            do {
                if try await watch.look(client, context) { return }
            } catch is CancellationError {
                return
            } catch {
                if !isTold {
                    context.board.event(
                        .note, "the cloud's metadata is not known, and is asked for again: \(error)"
                    )
                }
                isTold = true
            }
            // A cancelled sleep ends the loop.
            try? await context.host.clock.sleep(for: watch.interval)
        }
    }
}
