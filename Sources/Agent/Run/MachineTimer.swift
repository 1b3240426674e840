import Shared

/// The timer that turns a rented machine off, whatever the agent does: `arm` of
/// cloud-init/bootstrap.sh, which keeps its hour in two files.
struct MachineTimer {
    /// Before the paths, for tests.
    var root = ""
    let runner: any CommandRunner

    private var kept: String { root + "/etc/train/deadline" }
    /// Of this boot: later than the other one on a machine that was started again after it.
    private var ofThisBoot: String { root + "/run/train/deadline" }
    private var bootstrap: String { root + "/usr/local/sbin/train-bootstrap" }

    /// The hour that stands there, in seconds since 1970; nil where the machine has no timer, as one
    /// that nobody rented.
    ///
    /// - Throws: `Failure` where it does not read.
    func hour() throws -> Int64? {
        guard exists(kept) else { return nil }
        let text = String(decoding: try readRegularFile(kept, limit: 100), as: UTF8.self)
        guard let hour = Int64(text.prefix { $0 != "\n" }), (0...(1 << 40)).contains(hour) else {
            throw Failure("\(kept) holds no time")
        }
        return hour
    }

    /// Sets another hour and arms the timer anew.
    ///
    /// - Throws: `Failure` where systemd does not take it; the timer then counts as before, but for a
    ///   machine that dies between the two.
    func move(to hour: Int64) async throws {
        let former = try hourText(of: kept)
        let formerOfThisBoot = try hourText(of: ofThisBoot)
        try write("\(hour)\n", "\(hour)\n")
        let result = try await runner.run(Command(bootstrap, ["arm"]), timeout: .seconds(60))
        guard result.succeeded else {
            try write(former, formerOfThisBoot)
            throw Failure("the machine's timer cannot be moved", detail: result.lastLines(3))
        }
    }

    private func hourText(of path: String) throws -> String {
        guard exists(path) else { return "" }
        return String(decoding: try readRegularFile(path, limit: 100), as: UTF8.self)
    }

    private func write(_ text: String, _ textOfThisBoot: String) throws {
        try AtomicFile.write(Data(text.utf8), to: kept)
        try AtomicFile.write(Data(textOfThisBoot.utf8), to: ofThisBoot)
    }
}
