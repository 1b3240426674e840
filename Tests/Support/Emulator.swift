import Shared

/// A storage cloud on this machine that the real tools take for the real one.
///
/// `shared` gives one for all tests of this process: make a bucket of your own in it, and let its
/// faults alone. `start` gives one for a single test that wants to disturb it; call `stop` in a
/// `defer`. Either way it ends by itself once this process has ended, however that happens.
///
///     let cloud = try await Emulator.shared(.google)
///     let bucket = try await cloud.makeBucket()
///     let client = try StoreClient(
///         url: StoreURL(parsing: "gs://\(bucket)"), access: cloud.access(), runner: cloud.runner())
///
/// A child started some other way gets `environment` on top of its own: that alone leads
/// gsutil, gcloud, rclone and aws here. The programs are in Tests/Emulators.
package struct Emulator: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Google's store, open to everyone.
        case google
        /// Google's store, for the service account of `keyFile` alone.
        case googleWithKey
        /// S3, and the rest of moto.
        case amazon
        /// Azure's blobs.
        case azure
    }

    package let kind: Kind
    package let port: Int
    /// For a child; nil unsets a name.
    package let environment: [String: String?]
    package let directory: String
    private let process: any RunningCommand

    private struct Told: Decodable {
        var http: Int
        var environment: [String: String]
        var unset: [String]
    }

    // MARK: Start and end

    private static let running = SharedEmulators()

    /// The one that all tests of this process share; started by the first that asks.
    package static func shared(_ kind: Kind) async throws -> Emulator {
        try await running.emulator(kind)
    }

    package static func start(_ kind: Kind) async throws -> Emulator {
        let directory = try TemporaryDirectory(prefix: "emulator").path
        var command = Command("python3", [emulators + "/" + program(kind)])
        command.arguments += kind == .googleWithKey ? ["--access", "key"] : []
        command.arguments += kind == .google || kind == .googleWithKey ? ["--tls-port", "0"] : []
        let portFile = directory + "/ports.json"
        command.arguments += ["--data", directory, "--port-file", portFile]
        command.arguments += ["--parent-pid", String(getpid())]
        command.output = .append(path: directory + "/emulator.log")
        command.errorOutput = command.output
        let process = try PosixRunner().start(command)
        let ended = Latch()
        Task {
            _ = await process.wait()
            ended.set()
        }
        while !exists(portFile) {
            guard !ended.isSet else {
                let log = try readFile(directory + "/emulator.log")
                throw Failure(
                    "the \(kind) emulator did not start",
                    detail: String(decoding: log, as: UTF8.self))
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        let told = try JSONDecoder().decode(Told.self, from: readFile(portFile))
        var environment = told.environment.mapValues { String?.some($0) }
        for name in told.unset { environment[name] = .some(nil) }
        return Emulator(
            kind: kind, port: told.http, environment: environment, directory: directory,
            process: process)
    }

    /// - Parameter keepingFiles: leaves keys and configurations, for a server that is gone.
    package func stop(keepingFiles: Bool = false) {
        process.send(SIGKILL)
        if keepingFiles { return }
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func program(_ kind: Kind) -> String {
        switch kind {
        case .google, .googleWithKey: "google"
        case .amazon: "amazon"
        case .azure: "azure"
        }
    }

    private static let emulators = parentDirectory(parentDirectory(#filePath)) + "/Emulators"

    /// Whether it can run here: a reason to skip a test.
    package static func canRun(_ kind: Kind) -> Bool {
        isInstalled("python3") && (kind != .amazon || isInstalled("moto_server"))
    }

    // MARK: For a client

    /// Runs commands so that they come here.
    package func runner(adding more: [String: String?] = [:]) -> any CommandRunner {
        EnvironmentRunner(environment: environment.merging(more) { $1 })
    }

    /// A state directory that no other emulator's uploads are noted in.
    package func access(tool: String? = nil, key: String? = nil) -> StoreAccess {
        StoreAccess(credentialsPath: key, tool: tool, stateDirectory: directory + "/transfers")
    }

    /// The key that opens it (`googleWithKey`), and one of the same account that does not.
    package var keyFile: String { directory + "/key.json" }
    package var wrongKeyFile: String { directory + "/wrong_key.json" }

    // MARK: Prepare, disturb, inspect

    /// A fresh bucket, or container; its name.
    package func makeBucket() async throws -> String {
        let name = "bucket-\(UInt64.random(in: 0 ... .max))"
        if kind == .amazon {
            _ = try LoopbackHTTP.request("PUT", port: port, "/\(name)")
        } else {
            try ask("bucket", .object(["name": .string(name)]))
        }
        return name
    }

    /// Makes requests fail: see Tests/Emulators/emulator/faults.py; nothing takes all back.
    package func fail(_ fault: [String: JSONValue]) throws { try ask("fail", .object(fault)) }

    /// Slows everything down, to this many bytes a second.
    package func limit(bytesPerSecond rate: Int64) throws {
        try ask("limit", .object(["rate": .integer(rate)]))
    }

    package struct Request: Decodable, Sendable {
        /// `METHOD /path?query`
        package var line: String
        package var range: String?
        /// Bytes of bodies that it answered with.
        package var sent: Int?
    }

    /// What it was asked since the last call of this that forgot it.
    package func requests(keeping: Bool = false) throws -> [Request] {
        let path = "/_emu/requests" + (keeping ? "" : "?clear=1")
        return try JSONDecoder().decode(
            [Request].self, from: LoopbackHTTP.request("GET", port: port, path))
    }

    /// Puts an object, under a name that a tool might refuse.
    package func put(_ data: Data, bucket: String, name: String) throws {
        guard kind != .amazon else {
            _ = try LoopbackHTTP.request(
                "PUT", port: port, "/\(bucket)/\(Self.percentEncoded(name))", body: data,
                authorization: Self.anyone)
            return
        }
        _ = try LoopbackHTTP.request(
            "POST", port: port, "/_emu/object?bucket=\(bucket)&name=\(Self.percentEncoded(name))",
            body: data)
    }

    /// moto takes any key, but refuses who shows none an object that is there.
    private static let anyone = "AWS any:one"

    /// The bytes of an object.
    ///
    /// - Throws: `Failure` where there is none.
    package func get(bucket: String, name: String) throws -> Data {
        let name = Self.percentEncoded(name)
        return try LoopbackHTTP.request(
            "GET", port: port,
            kind == .amazon ? "/\(bucket)/\(name)" : "/_emu/object?bucket=\(bucket)&name=\(name)",
            authorization: kind == .amazon ? Self.anyone : nil)
    }

    private func ask(_ what: String, _ value: JSONValue) throws {
        _ = try LoopbackHTTP.request(
            "POST", port: port, "/_emu/" + what, body: JSONFormat.encode(value, pretty: false))
    }

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let hex = String(byte, radix: 16, uppercase: true)
            return "%" + (hex.count == 1 ? "0" : "") + hex
        }.joined()
    }
}
