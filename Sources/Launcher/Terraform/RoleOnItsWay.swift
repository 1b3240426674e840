import Shared

/// Applies again while a role that Terraform itself has just given is not known everywhere.
///
/// Azure says of its own that this takes up to ten minutes
/// (learn.microsoft.com/azure/role-based-access-control/troubleshooting), and its provider does not
/// wait: the upload of the code is refused, and all that needs it is not begun.
struct RoleOnItsWay: Sendable {
    let line: LiveLine
    let clock: any Clock<Duration>

    /// With the waits between them, more than ten minutes.
    private static let attempts = 45

    /// - Throws: what `apply` throws, once no waiting mends it.
    func apply(_ apply: () async throws -> Void) async throws {
        var retry = Retry()
        retry.first = .seconds(5)
        retry.longest = .seconds(30)
        retry.clock = clock
        try await retry.run(
            attempts: Self.attempts,
            isWorthwhile: { ($0 as? TerraformDriver.Refusal)?.trouble == .noRoleForStore },
            onFailure: { _, pause in
                line.say(
                    "\(line.coloured("!", .yellow)) Azure does not know yet that this login may "
                        + "write to the run's store (it can take ten minutes): again in "
                        + "\(TimeSpan(seconds: pause.seconds))")
            }, apply)
    }
}
