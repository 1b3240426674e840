import Shared

/// `train checkpoint`: asks a training to save one at its next safe point.
enum Checkpoint {
    static func command(_ context: Context) -> Subcommand {
        Subcommand(
            "checkpoint", RunArguments.self, summary: "Asks a training to save a checkpoint now.",
            discussion: """
                For programs that can: those with a callback of ai_training_utils, with its
                CheckpointRequest, and every Lightning program under the observer.
                """
        ) { parsed in
            let arguments = try parsed.checked()
            let steering = try await Steering.open(arguments.address, context)
            return try await SteeringOutput(json: arguments.json, context: context)
                .show(Steering.request(.checkpoint, context), steering)
        }
    }
}
