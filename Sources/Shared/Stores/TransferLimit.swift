/// The most that one transfer may bring, looked at while it runs.
///
/// The content of a bucket is not trusted, and a tool downloads objects of any size: a compromised
/// machine could fill the disk of everyone who reads its status.
package struct TransferLimit: Sendable {
    /// What grows: a file, or a directory with all below it.
    let place: String
    /// How many bytes may come on top of what was there at the start.
    let bytes: Int64
    /// What is moved, for the message.
    let name: String
    private let start: Int64

    /// Between two looks at a small place. A look at a large one takes longer, and so does the pause.
    static let interval: Duration = .milliseconds(100)

    init(on place: String, bytes: Int64, name: String) {
        self.place = place
        self.bytes = bytes
        self.name = name
        start = TreeSize(of: place).bytes
    }

    /// For a tree whose listing adds up to `bytes`: tools keep temporary files beside the download.
    package static func withSlack(_ bytes: Int64) -> Int64 { [bytes, bytes / 8, 64 << 20].byteSum }

    var isPassed: Bool {
        let (limit, isTooMuch) = start.addingReportingOverflow(bytes)
        return !isTooMuch && TreeSize(of: place).bytes > limit
    }

    var failure: Failure {
        var failure = Failure(
            "\(name) is larger than \(bytes) bytes; its transfer was stopped",
            hint: "look who wrote it: no program of ours makes one of that size")
        failure.reason = .tooLarge
        return failure
    }

    /// Returns once the limit is passed, or throws `CancellationError`.
    func watch(_ clock: any Clock<Duration>) async throws {
        var took: Duration = .zero
        while true {
            try await clock.sleep(for: max(Self.interval, took * 5))
            let looked = ContinuousClock.now
            // On a thread that may block: a tree can have a million files.
            if await offTaskThreads({ isPassed }) { return }
            took = ContinuousClock.now - looked
        }
    }
}
