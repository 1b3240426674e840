import Shared

/// The files of `run/` that the agent writes, and which versions of them are in the bucket.
///
/// They go up alone, or with a tree of output that can take minutes; a newer status may be up
/// before such a tree is. A transfer that takes files along holds a ticket until it has ended, so
/// that an older version which came up last is noticed and replaced.
final class RunFiles {
    /// The files that one transfer takes along.
    struct Ticket {
        fileprivate var number: Int
        fileprivate var files: [(path: String, version: FileVersion)] = []
    }

    /// Google takes one write a second for one object.
    static let spacing: Duration = .seconds(1)
    private static let names = [BucketLayout.status, BucketLayout.events, BucketLayout.capsule]

    private let client: StoreClient
    private let context: SyncContext
    private let ledger: UploadLedger
    private let stager: Stager
    private let lock = AsyncLock()
    private var ticketCount = 0
    /// What is in the bucket, and the ticket that brought it up.
    private var sent: [String: (version: FileVersion, ticket: Int)] = [:]
    private var sentAt: Duration?
    /// An older version may have replaced a newer one.
    private var isUncertain = false

    init(_ client: StoreClient, _ context: SyncContext, ledger: UploadLedger, stager: Stager) {
        self.client = client
        self.context = context
        self.ledger = ledger
        self.stager = stager
    }

    /// Sends those that changed, at most once a second.
    ///
    /// - Parameter onlyIfDue: a heartbeat that nothing else accompanies waits for its time.
    /// - Throws: the store's `Failure`, or the disk's.
    func send(onlyIfDue: Bool) async throws {
        try await lock.alone {
            if onlyIfDue, !isDue { return }
            guard !changed().isEmpty else { return }
            if let sentAt {
                let wait = Self.spacing - (context.stopwatch.elapsed - sentAt)
                if wait > .zero { try await context.clock.sleep(for: wait) }
            }
            var (tree, ticket) = try staged()
            var isUp = false
            defer {
                tree.discard()
                finish(ticket, isUp: isUp)
            }
            // A new line of the events; the status is written anew all the time.
            if tree.item(BucketLayout.events) != nil {
                await Disk.flush(file: source(of: BucketLayout.events))
            }
            if tree.items.count == 1, let item = tree.items.values.first {
                try await client.upload(file: tree.file(of: item.path), as: item.path)
            } else if !tree.isEmpty {
                try await client.upload(
                    tree: tree.directory, known: ledger.indices.count, isOurs: true)
            }
            isUp = true
        }
    }

    /// Adds those that changed to a tree. The lines of events go up whole.
    func stage(into tree: inout StagedTree) throws(Snapshotter.SnapshotError) -> Ticket {
        ticketCount += 1
        var ticket = Ticket(number: ticketCount)
        // Left there by a transfer that failed, and older by now than what may be up.
        for path in Self.names { tree.remove(path) }
        for path in changed() {
            do {
                let descriptor = try Snapshotter.open(source(of: path), followingLink: false)
                defer { close(descriptor) }
                let frozen = try tree.add(
                    path, from: descriptor, named: source(of: path), origin: nil,
                    extent: .prefix(lines: path.hasSuffix(".jsonl")), expected: nil, byLink: false)
                if let frozen { ticket.files.append((path, frozen.stamp)) }
            } catch .vanished {
                continue
            } catch .moved {
                continue
            }
        }
        return ticket
    }

    /// Notes how the transfer ended that took these along.
    ///
    /// - Parameter isUp: they are in the bucket; else they can be.
    func finish(_ ticket: Ticket?, isUp: Bool) {
        guard let ticket else { return }
        for file in ticket.files {
            if let newer = sent[file.path], newer.ticket > ticket.number {
                // It is not known which of the two came last.
                sent[file.path] = nil
                isUncertain = true
            } else if isUp {
                sent[file.path] = (file.version, ticket.number)
                sentAt = context.stopwatch.elapsed
            }
        }
        if Self.names.allSatisfy({ sent[$0] != nil || !exists(source(of: $0)) }) {
            isUncertain = false
        }
    }

    private func source(of path: String) -> String {
        "\(context.runDirectory)/\(path.split(separator: "/").last ?? "")"
    }

    /// Those that are not up as they are.
    private func changed() -> [String] {
        Self.names.filter { path in
            var information = stat()
            guard stat(source(of: path), &information) == 0 else { return false }
            return sent[path].map { !$0.version.isSameContent(as: FileVersion(information)) }
                ?? true
        }
    }

    private var isDue: Bool {
        isUncertain || sentAt.map { context.stopwatch.elapsed - $0 >= Heartbeat.inBucket } ?? true
    }

    private func staged() throws -> (StagedTree, Ticket) {
        var tree = stager.newTree()
        do {
            let ticket = try stage(into: &tree)
            return (tree, ticket)
        } catch {
            tree.discard()
            guard error == .diskFull else { throw error.failure }
        }
        tree = try stager.newTreeInMemory()
        do {
            let ticket = try stage(into: &tree)
            return (tree, ticket)
        } catch {
            tree.discard()
            throw error.failure
        }
    }
}
