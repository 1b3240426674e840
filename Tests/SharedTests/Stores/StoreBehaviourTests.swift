import Shared
import TestSupport
import Testing

/// What every store must do, asked of each through its real tool.
@Suite(.serialized, .timeLimit(.minutes(15))) struct StoreBehaviourTests {
    /// Names that some tool reads as a pattern, a version, an option or an escape.
    static let nasty = [
        "plain.txt": "plain", "empty": "", ".hidden": "dot", "-dash": "dash", "sp ace": "space",
        " lead and trail ": "blanks", "ünïcode-日本.txt": "unicode", "ck#123": "versioned",
        "ck": "its victim", "h#1.txt": "hash inside", "st*r": "star", "stXr": "victim of the star",
        "[x]": "class", "x": "victim of the class", "qu?stion": "question", "100%": "percent",
        "p%20q": "escape", "quote's \"": "quotes", "a+b&c=d;e": "signs", "~tilde": "tilde",
        "deep/er/and/deeper/file": "deep", "deep/er/ck#7": "versioned too", "dir#12/file": "in one",
        "a:b": "colon", "back\\slash": "backslash",
    ]

    /// Tools write beside a name first, under one that is longer; and some compare names in one form of
    /// Unicode, in which an é of one character and of two are the same. macOS holds no two such files.
    static let long = [242, 248, 249, 255].map { String(repeating: "n", count: $0 - 3) + ".pt" }
    #if os(Linux)
        static let twins = ["\u{E9}.pt", "e\u{301}.pt"]
    #else
        static let twins = ["\u{E9}.pt"]
    #endif

    @Test(.enabled(if: StoreCase.whatIsMissing.isEmpty, "\(StoreCase.whatIsMissing)"))
    func `every tool is here`() {}

    @Test(arguments: StoreCase.here)
    func `any name goes up, is listed and comes back as it was`(_ store: StoreCase) async throws {
        let scratch = try Scratch()
        let source = try scratch.tree("source", Self.nasty)
        var texts: [PathKey: String] = [:]
        for (name, text) in Self.nasty { texts[PathKey(name)] = text }
        for (number, name) in (Self.long + Self.twins).enumerated() {
            texts[PathKey(name)] = "text \(number)"
            let file = open("\(source)/\(name)", O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
            defer { close(file) }
            try AtomicFile.writeAll(Data("text \(number)".utf8), to: file, path: name)
        }
        let client = try await store.client(in: scratch.path)
        #expect(try await client.list().isEmpty)
        #expect(try await client.upload(tree: source, known: 0) == [])

        let listed = try await client.list()
        #expect(Set(listed.map { PathKey($0.path) }) == Set(texts.keys))
        for object in listed {
            let text = try #require(texts[PathKey(object.path)])
            #expect(object.size == text.utf8.count)
            if store.scheme == "file" || store.scheme == "gs" && store.tool != "rclone" {
                #expect(object.crc32c == CRC32C.of(Data(text.utf8)), "\(object.path)")
            } else {
                #expect(object.md5 != nil, "\(object.path)")
            }
        }
        try await client.download(tree: "", to: scratch.path + "/back")
        #expect(try scratch.contentsByBytes("back") == texts)
        let all = try FileManager.default.subpathsOfDirectory(atPath: scratch.path + "/back")
        #expect(!all.contains { $0.contains("partial") || $0.contains("gstmp") })
    }

    @Test(arguments: StoreCase.here)
    func `one object at a time`(_ store: StoreCase) async throws {
        let scratch = try Scratch()
        let client = try await store.client(in: scratch.path)
        let names = ["status.json", "st*r[1]?#12"]
        try scratch.tree("source", ["st*r": "a file", "stXr": "not this one"])
        #expect(try await client.read("run/status.json") == nil)
        for name in names {
            try await client.upload(file: scratch.path + "/source/st*r", as: "run/\(name)")
            #expect(try await client.read("run/\(name)") == Data("a file".utf8))
        }
        try await client.download(
            object: "run/status.json", to: scratch.path + "/new/there.json", limit: 1000)
        #expect(try scratch.contents("new") == ["there.json": "a file"])
        #expect(try await client.list("run").map(\.path) == names.sorted())

        try await client.delete(names.map { "run/\($0)" } + ["run/gone"])
        #expect(try await client.list().isEmpty)
    }

    @Test(arguments: StoreCase.here)
    func `part of an object`(_ store: StoreCase) async throws {
        let scratch = try Scratch()
        let client = try await store.client(in: scratch.path)
        // Bytes that are no UTF-8 come as they are.
        let bytes = Data((0..<3000).map { UInt8($0 % 251) })
        try AtomicFile.write(bytes, to: scratch.path + "/log")
        for name in ["logs/train.log", "logs/st*r[1]?"] {
            #expect(try await client.read(name, 0..<10)?.isEmpty ?? true)
            try await client.upload(file: scratch.path + "/log", as: name)
            #expect(try await client.read(name, 1000..<1007) == bytes[1000..<1007])
            #expect(try await client.read(name, 2990..<9000) == bytes[2990...])
            #expect(try await client.read(name, 3000..<3010)?.isEmpty ?? true)
            #expect(try await client.read(name, 7000..<7010)?.isEmpty ?? true)
        }
    }

    @Test(arguments: StoreCase.here)
    func `a change of the same size and time is not missed`(_ store: StoreCase) async throws {
        let scratch = try Scratch()
        let client = try await store.client(in: scratch.path)
        let source = try scratch.tree("source", ["model.pt": "old!", "keep": "same"])
        try await client.upload(tree: source, known: 0)
        try scratch.tree("new", ["model.pt": "new!"])
        copyTime(from: source + "/model.pt", to: scratch.path + "/new/model.pt")
        rename(scratch.path + "/new/model.pt", source + "/model.pt")
        try await client.upload(tree: source, known: 2)
        let model = try await client.read("model.pt")
        #expect(model.map { String(decoding: $0, as: UTF8.self) } == "new!")
    }

    @Test(arguments: StoreCase.here)
    func `links inside the tree are followed, what is no file is left out`(
        _ store: StoreCase
    ) async throws {
        let scratch = try Scratch()
        let client = try await store.client(in: scratch.path)
        let source = try scratch.tree("source", ["sub/file": "file", "top": "top"])
        symlink("sub/file", source + "/link")
        symlink("sub", source + "/directory")
        symlink("..", source + "/sub/loop")
        symlink("/etc/passwd", source + "/out")
        symlink("nowhere", source + "/dangling")
        mkfifo(source + "/pipe", 0o644)
        try makeDirectories(source + "/empty")
        close(open(source + "/b\u{1}", O_CREAT | O_WRONLY, 0o644))
        let skipped = try await client.upload(tree: source, known: 0)
        #expect(skipped.count == 6, "\(skipped)")
        #expect(
            try await client.list().map(\.path)
                == ["directory/file", "link", "sub/file", "top"])
        #expect(try await client.read("directory/file") == Data("file".utf8))
    }

    @Test(arguments: StoreCase.remote)
    func `where much is there, few files go up without a look at it`(
        _ store: StoreCase
    ) async throws {
        let scratch = try Scratch()
        let emulator = try await Emulator.start(try #require(store.kind))
        defer { emulator.stop() }
        let client = try await store.client(in: scratch.path, emulator: emulator)
        let source = try scratch.tree("source", ["logs/train.log": "1", "output/.x#1": "2"])
        try await client.upload(tree: source, known: 200_000)
        let listings = try emulator.requests().filter { request in
            request.line.hasPrefix("GET") && !request.line.contains("/some%2Fprefix")
                && (request.line.contains("list-type") || request.line.contains("comp=list")
                    || request.line.contains("/o?"))
        }
        #expect(listings.isEmpty, "\(listings)")
        #expect(try await client.list().map(\.path) == ["logs/train.log", "output/.x#1"])
    }

    @Test(arguments: StoreCase.here)
    func `a prefix that holds nothing brings nothing`(_ store: StoreCase) async throws {
        let scratch = try Scratch()
        let client = try await store.client(in: scratch.path)
        try await client.download(tree: "output", to: scratch.path + "/back")
        #expect(try scratch.contents("back").isEmpty)
    }

    @Test(arguments: StoreCase.here)
    func `a prefix is a whole part of a path`(_ store: StoreCase) async throws {
        let scratch = try Scratch()
        let client = try await store.client(in: scratch.path)
        let source = try scratch.tree("source", ["run-1/a": "mine", "run-10/a": "another's"])
        try await client.upload(tree: source, known: 0)
        let listed = try await client.list("run-1").map(\.path)
        #expect(listed == ["a"])
        try await client.download(tree: "run-1", to: scratch.path + "/back")
        #expect(try scratch.contents("back") == ["a": "mine"])
    }
}
