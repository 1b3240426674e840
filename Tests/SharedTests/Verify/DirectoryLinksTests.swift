import Shared
import TestSupport
import Testing

/// What a manifest may make links of, which comes from a bucket.
@Suite struct DirectoryLinksTests {
    private let scratch: TestSupport.Scratch

    init() throws {
        scratch = try TestSupport.Scratch()
        for name in [
            "output/step-300/model.pt", "output/a/b/x", "logs/x", "outside/x", "output/file",
        ] {
            try scratch.write("x", to: name)
        }
        symlink("../outside", scratch.path + "/output/away")
    }

    private func links(_ links: [(path: String, target: String)]) -> DirectoryLinks {
        var manifest = Manifest(
            generation: 1, createdAt: Date(timeIntervalSince1970: 0), final: true, files: [])
        manifest.links = links.map { Manifest.Link(path: $0.path, target: $0.target) }
        return DirectoryLinks(manifest) { [path = scratch.path] in "\(path)/\($0)" }
    }

    private func text(_ path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "\(scratch.path)/\(path)")
    }

    @Test func `a link is made again, relative to its own directory, and removed`() throws {
        let all = links([
            ("output/latest", "output/step-300"), ("output/a/b/up", "output/a"),
            ("output/a/last", "output/step-300"), ("output/into", "output/a/b"),
        ])
        for _ in 1...2 {
            #expect(all.make() == [])
            #expect(text("output/latest") == "step-300")
            #expect(text("output/a/b/up") == "../../a")
            #expect(text("output/a/last") == "../step-300")
            #expect(text("output/into") == "a/b")
            #expect(exists(scratch.path + "/output/latest/model.pt"))
            #expect(exists(scratch.path + "/output/a/b/up/b/x"))
        }
        all.remove()
        for path in ["output/latest", "output/a/b/up", "output/a/last", "output/into"] {
            #expect(!exists("\(scratch.path)/\(path)"))
        }
    }

    @Test(arguments: [
        ("output/l", "output/step-400"), ("output/l", "output/file"), ("output/l", "output/away"),
        ("output/l", "output/away/x"), ("output/l", "output/../outside"), ("output/l", "logs"),
        ("output/l", "/etc"), ("output/l", "outside"), ("output/l", "output"), ("output/l", ""),
        ("output/away/l", "output/a"), ("output/../l", "output/a"), ("/tmp/l", "output/a"),
        ("outside/l", "output/a"), ("output/none/l", "output/a"), ("output/l", "output/l"),
        ("stray/l", "stray/a"), ("output/l\n", "output/a"),
    ])
    func `nothing dangles or leads out of the tree`(path: String, target: String) throws {
        let before = try FileManager.default.subpathsOfDirectory(atPath: scratch.path).sorted()
        #expect(links([(path, target)]).make().count == 1)
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: scratch.path).sorted() == before)
    }

    @Test func `no link is made or removed through another, and nothing is replaced`() throws {
        let all = links([("output/l", "output/a"), ("output/l/deep", "output/step-300")])
        #expect(all.make().count == 1)
        #expect(text("output/l") == "a")
        #expect(!exists(scratch.path + "/output/a/deep"))
        symlink("../step-300", scratch.path + "/output/a/deep")
        links([("output/l/deep", "output/step-300"), ("output/file", "output/a")]).remove()
        #expect(text("output/a/deep") == "../step-300")
        #expect(links([("output/file", "output/a")]).make() == [])
        #expect(scratch.read("output/file") == "x")
    }
}
