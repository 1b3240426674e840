import Shared

/// Applies again while a role or an identity that Terraform has just made does not take effect yet.
///
/// On Azure that takes up to ten minutes
/// (learn.microsoft.com/azure/role-based-access-control/troubleshooting), and the provider does not
/// wait: the upload of the code is refused, and nothing that depends on it is begun.
struct RolePropagation: Sendable {
    let line: LiveLine
    let clock: any Clock<Duration>

    /// With the pauses between them, more than ten minutes.
    private static let attempts = 45

    /// - Throws: what `apply` throws, once waiting does not help.
    func apply(_ apply: () async throws -> Void) async throws {
        var retry = Retry()
        retry.first = .seconds(5)
        retry.longest = .seconds(30)
        retry.clock = clock
        try await retry.run(
            attempts: Self.attempts,
            isWorthwhile: {
                ($0 as? TerraformDriver.TerraformError)?.kind.isCuredByWaiting == true
            },
            onFailure: { error, pause in
                let kind = (error as? TerraformDriver.TerraformError)?.kind
                let what =
                    kind == .notVisibleYet
                    ? "the cloud does not know the machine's identity yet"
                    : "the cloud does not let this login write to the run's store yet"
                line.say(
                    .warning,
                    "\(what) (it can take ten minutes): again in "
                        + "\(TimeSpan(seconds: pause.seconds))")
            }, apply)
    }
}
