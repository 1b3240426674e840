import Shared

/// What an earlier `finish` downloaded and verified, looked at again before the removal that it did
/// not come to: days may lie between the two.
struct PreviousDownload: Sendable {
    let directory: String
    let completeness: RunRecord.Completeness

    /// What is wrong with it; nil where it is all there.
    ///
    /// By names and sizes: the content was compared when it came, and the disk was made to keep it.
    func lack() -> String? {
        guard isDirectory(directory) else {
            return "what was downloaded to \(quoted(directory)) is gone"
        }
        switch completeness {
        case .asFound: return nil
        case .unverified: return "\(quoted(directory)) was not downloaded to its end"
        case .verified: return lostFiles()
        }
    }

    private func lostFiles() -> String? {
        let path = "\(directory)/\(BucketLayout.manifest)"
        guard let data = try? readFile(path, limit: JSONFormat.maximumManifestBytes),
            let manifest = try? JSONFormat.decode(Manifest.self, from: data, name: path)
        else { return "\(quoted(path)) cannot be read any more" }
        let lost = manifest.files.filter { !isThere($0) }
        guard let first = lost.first else { return nil }
        return
            "\(quoted(directory)) lacks \(counted(lost.count, "file")) that had been downloaded, "
            + "such as \(quoted(first.path))"
    }

    private func isThere(_ entry: Manifest.Entry) -> Bool {
        var information = stat()
        return ManifestPath.objection(to: entry.path) == nil
            && lstat("\(directory)/\(entry.path)", &information) == 0
            && information.st_mode & S_IFMT == S_IFREG
            && Int64(information.st_size) == entry.size
    }
}
