/// `secrets.json`: what `--env NAME` took from the environment of whoever started the run.
///
/// Terraform's state holds a hash of the file. With random bytes in it nobody who reads the state can
/// try guesses against that hash.
package struct SecretsDocument: Codable, Sendable {
    /// The name under which `--webhook` stands there; the trainer does not get it.
    package static let webhook = "TRAIN_WEBHOOK_URL"

    /// By the name of the variable.
    package var secrets: [String: String]
    private var salt: String?

    /// - Parameter random: gives the salt, 32 bytes of it.
    package init(_ secrets: [String: String], random: inout some RandomNumberGenerator) {
        self.secrets = secrets
        salt = (0..<4).map { _ in String(random.next(), radix: 16) }.joined()
    }

    /// Reads one, also as former versions wrote it: the names and values alone.
    ///
    /// - Parameter name: of the place, for the error.
    /// - Throws: `Failure` that names the place, never a value.
    package init(reading data: Data, name: String) throws {
        let decoder = JSONDecoder()
        if let document = try? decoder.decode(SecretsDocument.self, from: data) {
            self = document
        } else if let secrets = try? decoder.decode([String: String].self, from: data) {
            self.secrets = secrets
        } else {
            throw Failure("\(name): not a JSON object of names and texts")
        }
    }

    /// - Parameter path: readable to this user alone afterwards.
    package func write(to path: String) throws {
        try AtomicFile.write(JSONEncoder().encode(self), to: path, mode: 0o600)
    }
}
