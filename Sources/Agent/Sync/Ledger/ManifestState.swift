import Shared

/// Which manifest the bucket has, and whether it tells all that the ledger does.
struct ManifestState {
    /// Of the newest manifest in the bucket; grows over attempts.
    private(set) var generation = 0
    private(set) var files = 0
    private(set) var bytes: Int64 = 0
    /// It says `final`: of an attempt before this one, or of the final sync.
    private(set) var isFinal = false
    /// It does not tell all that the ledger does.
    private(set) var isBehind = false
    /// How many of its files the trainer has removed.
    private var gone = 0
    /// Directories of the trees with nothing in them, by the last walk.
    private(set) var emptyDirectories: [String] = []
    /// Links to directories, by the last walk.
    private(set) var links: [Manifest.Link] = []
    /// The digest of those that the newest manifest tells of.
    private(set) var toldLinks = Self.digest(of: [])
    /// Generations that may have been used without our knowing.
    private var skipped = 0

    /// Of the manifest to write next.
    var nextGeneration: Int { generation + 1 + skipped }

    /// Notes that something in the bucket is not as the manifest tells.
    mutating func fallBehind() { isBehind = true }

    /// Perhaps the next one was written, and only the line that says so was not.
    mutating func assumeUnseenWrite() {
        if isBehind { skipped = 1 }
    }

    /// Notes that this one is in the bucket, and tells everything.
    mutating func record(generation: Int, final: Bool) {
        self.generation = generation
        isFinal = final
        isBehind = false
        skipped = 0
    }

    /// Notes what the newest one names.
    mutating func record(_ text: NextManifest, final: Bool) {
        record(generation: text.generation, final: final)
        (files, bytes, gone) = (text.files, text.bytes, text.gone)
        toldLinks = Self.digest(of: links)
    }

    /// The same of one that a former agent of this machine wrote.
    mutating func record(linksDigest: String) { toldLinks = linksDigest }

    /// The same of one that the bucket had before.
    mutating func record(_ text: Manifest) {
        record(generation: text.generation, final: text.final)
        let files = text.files.filter { !$0.isStray }
        (self.files, bytes) = (files.count, files.map(\.size).byteSum)
        gone = text.files.count { $0.gone == true }
        links = text.links
        toldLinks = Self.digest(of: links)
    }

    /// Notes what a walk found that the manifest tells beside what is up.
    mutating func walked(_ report: Scanner.Report, gone: Int) {
        emptyDirectories = report.emptyDirectories
        links = report.links
        if gone != self.gone || toldLinks != Self.digest(of: links) { fallBehind() }
    }

    private static func digest(of links: [Manifest.Link]) -> String {
        var digest = SHA256()
        for link in links { digest.update(Array("\(link.path)\n\(link.target)\n".utf8)) }
        return SHA256.hex(digest: digest.finish())
    }
}
