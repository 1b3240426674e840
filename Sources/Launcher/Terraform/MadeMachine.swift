import Shared

/// What `outputs.tf` says of the machine that was made; kept in the run's record.
struct MadeMachine: Codable, Sendable, Equatable {
    /// What goes on costing money.
    struct Bill: Codable, Sendable, Equatable {
        var what: String
        /// `power-off` or `finish`.
        var until: String
    }

    var instanceName: String
    /// What the cloud's own tool calls it.
    var instanceId: String
    var zone: String
    var region: String
    var project: String
    var publicIp: String
    var sshUser: String
    var consoleUrl: String
    var outputBucketUrl: String
    var billing: [Bill] = []
    /// The launcher ended it, so that it has no more to say.
    var isKilled: Bool?

    /// Reads `terraform output -json`: `{"name": {"value": …}}`.
    init(terraformOutput data: Data) throws {
        let decoder = JSONFormat.decoder()
        do {
            let outputs = try JSONDecoder().decode([String: Output].self, from: data)
            let values = outputs.compactMapValues(\.value)
            self = try decoder.decode(Self.self, from: JSONEncoder().encode(values))
        } catch {
            throw Failure("Terraform's outputs do not read", detail: "\(error)")
        }
    }

    private struct Output: Decodable { var value: JSONValue? }

    /// What `start` prints of it.
    var lines: [String] {
        var lines = ["machine   \(instanceName) in \(zone)"]
        if !publicIp.isEmpty { lines[0] += ", \(publicIp)" }
        lines.append("console   \(consoleUrl)")
        for (index, bill) in billing.enumerated() {
            let until = bill.until == "finish" ? "train finish" : bill.until
            lines.append(
                (index == 0 ? "billing   " : "          ") + "\(bill.what): until \(until)")
        }
        return lines.map(harmless)
    }
}
