import Shared

/// Where commands to this agent arrive: as files of the machine, and as objects of the bucket.
struct ControlInbox {
    /// One request, or what is wrong with it, and where it lies.
    struct Item {
        enum Place: Hashable {
            case file(String)
            case object(String)
        }

        var place: Place
        var id: ULID
        var request: Result<ControlRequest, Failure>
    }

    /// More in one place are no person's doing.
    private static let most = 1000
    /// A file that is being written is not judged before this age, in seconds.
    private static let patience = 10.0

    let directory: String
    let client: StoreClient?
    /// Objects that need no second look.
    private var seen = Set<String>()

    /// - Parameter client: nil where the run has no store.
    init(directory: String, client: StoreClient?) {
        self.directory = directory
        self.client = client
    }

    /// The requests that lie on this machine, oldest first.
    func files(now: Date) -> [Item] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.sorted().prefix(Self.most).compactMap { name in
            guard let id = Self.id(of: name) else { return nil }
            let path = "\(directory)/\(name)"
            let request = Result { try Self.decoded(Self.read(path), id, name: path) }
            if case .failure = request, Self.age(of: path, now: now) < Self.patience { return nil }
            return Item(place: .file(path), id: id, request: request.failures)
        }
    }

    /// The requests that lie in the bucket and were not seen yet, oldest first.
    ///
    /// - Throws: `Failure` where the bucket does not answer.
    mutating func objects() async throws -> [Item] {
        guard let client else { return [] }
        let names = try await client.list(BucketLayout.control).map(\.path)
        var items: [Item] = []
        for name in names.prefix(Self.most) where !seen.contains(name) {
            guard let id = Self.id(of: name) else {
                seen.insert(name)
                continue
            }
            let path = "\(BucketLayout.control)/\(name)"
            guard
                let data = try await client.read(path, limit: ControlRequest.maximumBytes)
            else { continue }
            let request = Result { try Self.decoded(data, id, name: path) }
            items.append(Item(place: .object(name), id: id, request: request.failures))
        }
        return items
    }

    /// Tells that a request was answered.
    mutating func done(_ item: Item) {
        switch item.place {
        case .file(let path): unlink(path)
        case .object(let name): seen.insert(name)
        }
    }

    private static func id(of name: String) -> ULID? {
        name.hasSuffix(".json") ? ULID(String(name.dropLast(".json".count))) : nil
    }

    private static func read(_ path: String) throws -> Data {
        try readRegularFile(path, limit: ControlRequest.maximumBytes)
    }

    private static func decoded(_ data: Data, _ id: ULID, name: String) throws -> ControlRequest {
        let request = try JSONFormat.decode(ControlRequest.self, from: data, name: name)
        // Whoever repeats a request under another name would have it done twice.
        guard request.id == id else { throw Failure("\(name) holds the request \(request.id)") }
        return request
    }

    private static func age(of path: String, now: Date) -> Double {
        var information = stat()
        guard stat(path, &information) == 0 else { return 0 }
        return now.timeIntervalSince1970 - Double(information.st_mtim.tv_sec)
    }
}

extension Result where Failure == any Error {
    fileprivate var failures: Result<Success, Shared.Failure> {
        mapError { $0 as? Shared.Failure ?? Shared.Failure("\($0)") }
    }
}
