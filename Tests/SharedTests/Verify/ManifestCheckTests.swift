import Shared
import Synchronization
import Testing

@Suite struct ManifestCheckTests {
    private let root: TemporaryDirectory

    init() throws {
        root = try TemporaryDirectory()
        try makeDirectories(root.path + "/output/deep")
        try makeDirectories(root.path + "/logs")
        try AtomicFile.write(Data("weights".utf8), to: root.path + "/output/deep/model.pt")
        try AtomicFile.write(Data("lines\n".utf8), to: root.path + "/logs/train.log")
    }

    private func entry(_ path: String, _ content: String) -> Manifest.Entry {
        Manifest.Entry(
            path: path, size: Int64(content.utf8.count), mtime: 1,
            crc32c: CRC32C.of(Data(content.utf8)))
    }

    private func manifest(_ files: [Manifest.Entry], final: Bool = true) -> Manifest {
        Manifest(
            generation: 1, createdAt: Date(timeIntervalSince1970: 0), final: final, files: files)
    }

    @Test func `a directory that is as the manifest says has no differences`() async {
        defer { root.remove() }
        let manifest = manifest([
            entry("logs/train.log", "lines\n"), entry("output/deep/model.pt", "weights"),
        ])
        let last = Mutex(ManifestCheck.Progress(files: 0, bytes: 0))
        let found = await ManifestCheck.compare(manifest, directory: root.path) { progress in
            last.withLock { if progress.files > $0.files { $0 = progress } }
        }
        #expect(found == [])
        #expect(last.withLock { $0 } == ManifestCheck.Progress(files: 2, bytes: 13))
    }

    @Test func `each kind of difference is told apart`() async throws {
        defer { root.remove() }
        #expect(symlink("model.pt", root.path + "/output/deep/link") == 0)
        #expect(mkfifo(root.path + "/output/pipe", 0o600) == 0)
        let manifest = manifest([
            entry("output/gone", ""), entry("output/deep", ""),
            entry("output/deep/link", "weights"),
            entry("output/pipe", ""), entry("logs/train.log", "longer lines\n"),
            entry("output/deep/model.pt", "Weights"), entry("logs/train.log/below", ""),
        ])
        let found = await ManifestCheck.compare(manifest, directory: root.path)
        #expect(
            found.map(\.kind) == [
                .missing, .notAFile, .notAFile, .notAFile, .size(expected: 13, found: 6),
                .crc32c(
                    expected: CRC32C.of(Data("Weights".utf8)),
                    found: CRC32C.of(Data("weights".utf8))),
                .missing,
            ])
    }

    @Test(arguments: [
        ("../x", "leads out of its directory"), ("/etc/passwd", "leads out of its directory"),
        ("output/../../x", "leads out of its directory"), ("output//x", "leads out"),
        ("output/./x", "leads out"), ("", "leads out"), ("output/", "leads out"),
        ("output/a\nb", "holds a control character"), ("output/\u{1b}[2J", "holds a control"),
        ("output/\u{0}x", "holds a control"), ("run/status.json", "is not below"),
        ("output", "is not below"), ("outputs/x", "is not below"),
        ("output/" + String(repeating: "x", count: 1020), "is longer than 1024 bytes"),
        ("output/.train-partial-0", "has a name that begins with .train-partial-"),
        ("output/.train-partial-0/model.pt", "has a name that begins with .train-partial-"),
        (
            "output/" + String(repeating: "d/", count: 128) + "x",
            "is more than 128 directories deep"
        ),
    ])
    func `a hostile path is refused without being looked at`(path: String, reason: String) async {
        defer { root.remove() }
        let manifest = manifest([entry(path, "")])
        let onDisk = await ManifestCheck.compare(manifest, directory: root.path)
        let listed = ManifestCheck.compare(
            manifest, listing: [StoredObject(path: path, size: 0, crc32c: 0)])
        for found in [onDisk, listed] {
            guard case .refused(let objection)? = found.first?.kind else {
                Issue.record("not refused: \(found)")
                continue
            }
            #expect(objection.hasPrefix(reason))
            #expect(!"\(found[0])".contains("\n"))
        }
    }

    @Test func `a listing is compared by name, size and the hashes it has`() {
        defer { root.remove() }
        let manifest = manifest([
            entry("output/a", "a"), entry("output/b", "b"), entry("output/c", "c"),
            entry("output/d", "d"), entry("output/e", "e"),
        ])
        let found = ManifestCheck.compare(
            manifest,
            listing: [
                StoredObject(path: "output/a", size: 1, crc32c: CRC32C.of(Data("a".utf8))),
                StoredObject(path: "output/b", size: 1, crc32c: 7),
                StoredObject(path: "output/c", size: 2),
                StoredObject(path: "output/d", size: 1, md5: MD5.of(Data("e".utf8))),
                StoredObject(path: "output/other", size: 1),
            ],
            md5: { $0 == "output/d" ? MD5.of(Data("d".utf8)) : nil })
        #expect(
            found.map(\.path) == ["output/b", "output/c", "output/d", "output/e"])
        #expect(found.last?.kind == .missing)
    }

    @Test func `names that Unicode holds equal are two objects`() {
        defer { root.remove() }
        let found = ManifestCheck.compare(
            manifest([entry("output/\u{e9}", ""), entry("output/e\u{301}", "")]),
            listing: [StoredObject(path: "output/\u{e9}", size: 0)])
        #expect(found.count == 1)
    }

    @Test(arguments: [true, false])
    func `an object replaced after the manifest counts only where the run goes on`(
        final: Bool
    ) async throws {
        defer { root.remove() }
        let manifest = manifest(
            [entry("output/deep/model.pt", "older weights"), entry("logs/train.log", "other\n")],
            final: final)
        let found = await ManifestCheck.compare(manifest, directory: root.path)
        #expect(found.count == 2)
        let listing = [
            StoredObject(
                path: "output/deep/model.pt", size: 7, crc32c: CRC32C.of(Data("weights".utf8))),
            StoredObject(path: "logs/train.log", size: 6, crc32c: CRC32C.of(Data("other\n".utf8))),
        ]
        let newer = await NewerObjects(
            found, of: manifest, directory: root.path, listing: listing, md5: nil)
        // The log is neither what the manifest says nor what the bucket holds: that stays.
        #expect(
            newer.remaining.map(\.path)
                == (final ? ["output/deep/model.pt", "logs/train.log"] : ["logs/train.log"]))
    }

    @Test func `where a listing has MD5 alone, that tells whether a file is newer`() async throws {
        defer { root.remove() }
        let path = "output/deep/model.pt"
        let manifest = manifest([entry(path, "WEIGHTS")], final: false)
        let found = await ManifestCheck.compare(manifest, directory: root.path)
        let cases: [(md5: MD5.Digest?, crc32c: UInt32?, counts: Bool)] = [
            (MD5.of(Data("weights".utf8)), nil, true), (MD5.of(Data("WEIGHTS".utf8)), nil, false),
            (nil, nil, false), (MD5.of(Data("weights".utf8)), 7, false),
        ]
        for (md5, crc32c, counts) in cases {
            let newer = await NewerObjects(
                found, of: manifest, directory: root.path,
                listing: [StoredObject(path: path, size: 7, crc32c: crc32c, md5: md5)],
                md5: .whole)
            #expect(newer.remaining == (counts ? [] : found))
            // What the next manifest says of it is what it is.
            #expect(newer.accepted == (counts ? [entry(path, "weights")] : []))
        }
    }

    @Test func `a cancelled comparison says that it was broken off`() async {
        defer { root.remove() }
        let manifest = manifest([entry("logs/train.log", "lines\n")])
        let path = root.path
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await ManifestCheck.compare(manifest, directory: path)
        }
        task.cancel()
        #expect(await task.value.map(\.kind) == [.unreadable("the check was broken off")])
    }
}
