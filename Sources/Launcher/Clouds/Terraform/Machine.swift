import Shared

/// The machine as `outputs.tf` describes it; kept in the run's record.
struct Machine: Codable, Sendable, Equatable {
    /// A resource that costs money, and until when.
    struct Bill: Codable, Sendable, Equatable {
        var what: String
        /// `power-off` or `finish`.
        var until: String
    }

    var instanceName: String
    /// The machine's name for the cloud's own tool.
    var instanceId: String
    var zone: String
    var region: String
    var project: String
    var publicIp: String
    var sshUser: String
    var consoleUrl: String
    /// Not read by this version, but required by older ones that read the record.
    var outputBucketUrl: String
    var billing: [Bill] = []
    /// When Terraform had made it; nil in records of older versions.
    var createdAt: Date?
    /// The launcher stopped it, so no further status will come.
    var isKilled: Bool?

    /// Reads `terraform output -json`: `{"name": {"value": …}}`.
    init(terraformOutput data: Data) throws {
        let decoder = JSONFormat.decoder()
        do {
            let outputs = try JSONDecoder().decode([String: Output].self, from: data)
            let values = outputs.compactMapValues(\.value)
            self = try decoder.decode(Self.self, from: JSONEncoder().encode(values))
        } catch {
            throw Failure("Terraform's outputs are not as expected", detail: "\(error)")
        }
    }

    /// A writer to a bucket must not be able to add a flag to a command on this computer.
    ///
    /// - Throws: `Failure` if a value is not one that a cloud gives.
    func check(isOf run: RunName) throws {
        let words = [instanceName, instanceId, zone, region, project, sshUser]
        let isPlain = words.allSatisfy {
            $0.wholeMatch(of: /[A-Za-z0-9\/][A-Za-z0-9._:\/-]*/) != nil
        }
        guard isPlain, publicIp.wholeMatch(of: /[0-9.]*/) != nil else {
            throw Failure("the state bucket's word on the machine of \(run) does not read")
        }
    }

    private struct Output: Decodable { var value: JSONValue? }

    /// The lines that `start` prints about it.
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
