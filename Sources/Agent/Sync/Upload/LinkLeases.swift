import CPosix
import Shared

/// Keeps writers out of what is being sent through hard links.
///
/// A process that opens such a file for writing, or truncates it, waits in the kernel while the
/// agent holds a read lease of it (fcntl(2), "Leases"). So the transfer is killed first, and only
/// then may the writer go on: no transfer ever reads what is being written.
struct LinkLeases: Sendable {
    /// How many links one transfer has at most: each lease needs a descriptor.
    static let most = 256

    /// A writer waits for one of the files.
    struct Wanted: Error {}

    private let held: [(path: String, descriptor: Int32)]
    /// Written to since they were frozen, or open for writing now.
    private let refused: [String]

    /// Takes a lease of every link in the batch.
    init(_ batch: StagedTree) {
        var held: [(path: String, descriptor: Int32)] = []
        var refused: [String] = []
        for item in batch.links {
            let link = batch.file(of: item.path)
            let descriptor = systemOpen(link, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            if cposix_take_lease(descriptor) == 0, Snapshotter.isStill(item.frozen, at: link) {
                held.append((item.path, descriptor))
            } else {
                refused.append(item.path)
                close(descriptor)
            }
        }
        self.held = held
        self.refused = refused
    }

    /// For the transfer, which must hold them too: it may outlive us.
    var descriptors: [Int32] { held.map(\.descriptor) }

    /// Lets the writers go on; the last that is done with these leases.
    func release() {
        for (_, descriptor) in held {
            cposix_end_lease(descriptor)
            close(descriptor)
        }
    }

    /// The files that must not be sent by their links.
    var lost: [String] {
        refused + held.filter { cposix_keeps_lease($0.descriptor) == 0 }.map(\.path)
    }

    /// Runs the transfer, and kills it when somebody wants to write.
    ///
    /// - Throws: `Wanted` once its processes are gone, or what the transfer throws.
    func guarding(_ transfer: @escaping @Sendable () async throws -> Void) async throws {
        guard lost.isEmpty else { throw Wanted() }
        guard !held.isEmpty else { return try await transfer() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await transfer() }
            group.addTask {
                for await _ in Ticks.every(.milliseconds(50)) where !lost.isEmpty { throw Wanted() }
                try Task.checkCancellation()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
