import Shared

/// The files of `run/` that the agent writes: which of them changed since they went up.
struct RunFiles {
    static let names = [BucketLayout.status, BucketLayout.events, BucketLayout.capsule]
    /// Where nothing else changes, a heartbeat goes up this often and no more.
    static let heartbeat: Duration = .seconds(300)
    /// Google takes one write a second for one object.
    static let spacing: Duration = .seconds(1)

    private let directory: String
    private var sent: [String: Stamp] = [:]
    private(set) var sentAt: Duration?

    init(directory: String) { self.directory = directory }

    func source(of path: String) -> String {
        "\(directory)/\(path.split(separator: "/").last ?? "")"
    }

    /// Those that are not up as they are.
    func changed() -> [String] {
        Self.names.filter { path in
            var information = stat()
            guard stat(source(of: path), &information) == 0 else { return false }
            return sent[path].map { !$0.isSameContent(as: Stamp(information)) } ?? true
        }
    }

    func isDue(at time: Duration) -> Bool {
        guard let sentAt else { return true }
        return time - sentAt >= Self.heartbeat
    }

    /// How long to wait until the store takes another write.
    func wait(at time: Duration) -> Duration {
        guard let sentAt else { return .zero }
        return max(.zero, Self.spacing - (time - sentAt))
    }

    mutating func markSent(_ files: [(path: String, stamp: Stamp)], at time: Duration) {
        for file in files { sent[file.path] = file.stamp }
        if !files.isEmpty { sentAt = time }
    }

    /// Adds those that changed to a tree. The lines of events go up whole.
    func stage(into batch: inout Batch) throws(Freezer.Obstacle) {
        for path in changed() {
            do {
                let descriptor = try Freezer.open(source(of: path), followingLink: false)
                defer { close(descriptor) }
                _ = try batch.add(
                    path, from: descriptor, named: source(of: path), origin: nil,
                    extent: .prefix(lines: path.hasSuffix(".jsonl")), expected: nil, byLink: false)
            } catch .vanished {
                continue
            } catch .moved {
                continue
            }
        }
    }
}
