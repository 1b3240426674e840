import Shared

/// How often a set-up step asks a store again: pure.
enum SetupRetryPolicy {
    /// For what no time mends, such as a wrong name: about half a minute.
    static let attempts = 5
    /// Of a run's life, in which a new identity may still be told that it may not. Rights take up
    /// to ten minutes on Azure ("Troubleshoot Azure RBAC") and seven or more on Google ("Access
    /// change propagation"); the machine is made once they are given.
    static let rightsSeconds: Double = 900

    /// - Parameters:
    ///   - failures: how many there were, this one among them.
    ///   - cloud: where the run is; on the user's own machine nobody has just been given rights.
    ///   - age: seconds since the run was created.
    static func isWorthwhile(
        _ error: any Error, failures: Int, cloud: String, age: Double
    ) -> Bool {
        if error is CancellationError { return false }
        // It would bring as much again.
        if (error as? Failure)?.reason == .tooLarge { return false }
        if failures < attempts { return true }
        return (error as? Failure)?.isDenied == true && cloud != "local" && age < rightsSeconds
    }
}
