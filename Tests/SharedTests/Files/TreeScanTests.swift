import TestSupport
import Testing

@testable import Shared

/// What no transfer takes must not be a name that a manifest takes: else it would count as up.
@Suite struct TreeScanTests {
    private let scratch: TestSupport.Scratch

    init() throws { scratch = try TestSupport.Scratch() }

    @Test(arguments: [
        "output/" + String(repeating: "d/", count: 127) + "x",
        "output/" + String(repeating: "d/", count: 128) + "x",
        "output/.train-partial-0123456789abcdef", "output/.train-partial-x/model.pt",
        "output/.train-partial", "output/a\nb", "output/a\u{7f}", "output/ü", "output/a.partial",
    ])
    func `a transfer takes just the names that a manifest takes`(path: String) throws {
        try scratch.write("x", to: path)
        let files = try TreeScan(of: scratch.path).files.map(\.path)
        #expect(files == (ManifestPath.objection(to: path) == nil ? [path] : []))
    }

    @Test func `what stays behind of a tree of ours is an error, once the rest is up`() async throws
    {
        try scratch.write("good", to: "tree/output/model.pt")
        try scratch.write("left", to: "tree/output/.train-partial-0")
        #expect(symlink("/etc/passwd", scratch.path + "/tree/output/link") == 0)
        let store = try StoreClient(
            url: StoreURL(parsing: scratch.path + "/bucket"), runner: PosixRunner())
        let failure = await #expect(throws: Failure.self) {
            try await store.upload(tree: scratch.path + "/tree", known: 0, isOurs: true)
        }
        #expect(failure?.summary.contains("2 things were not sent") == true)
        #expect(failure?.detail?.contains("'output/.train-partial-0'") == true)
        #expect(failure?.detail?.contains("'output/link': a link out of the tree") == true)
        #expect(scratch.read("bucket/output/model.pt") == "good")
        // The user's own tree may hold them.
        #expect(try await store.upload(tree: scratch.path + "/tree", known: 0).count == 1)
    }
}
