import Shared

/// This computer's address as the machine will see it.
enum PublicAddress {
    /// Each answers with the caller's address as plain text.
    static let services = ["https://checkip.amazonaws.com", "https://api.ipify.org"]

    /// - Throws: `Failure` that says to give `--ssh_cidr`.
    static func ask(runner: any CommandRunner) async throws -> String {
        for service in services {
            let command = Command(
                "curl",
                ["--fail", "--silent", "--ipv4", "--max-time", "8", "--proto", "=https", service])
            let result = try? await runner.run(command, timeout: .seconds(15))
            try Task.checkCancellation()
            guard let result, result.succeeded else { continue }
            let text = String(result.output.filter { !$0.isWhitespace })
            if !text.contains("/"), let range = AddressRange.parse(text) { return range }
        }
        throw Failure(
            "this computer's public address is unknown, and SSH is to be open to no other",
            hint: "give the range that may log in: --ssh_cidr 203.0.113.7/32")
    }
}
