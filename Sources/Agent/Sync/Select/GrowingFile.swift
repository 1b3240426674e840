import Shared

/// Files that go up as they grow, in whatever directory: half of one is as good as its beginning.
///
/// The name decides, since a checkpoint that is being written grows too: the names that writers of
/// tables, logs and TensorBoard's events use, and below `logs/` every name that is not a
/// checkpoint's. Below `output/` and `stray/` the file must also still begin with the bytes that
/// went up before; else it is one that is written anew each time.
enum GrowingFile {
    private static let endings = bytes([
        ".log", ".jsonl", ".csv", ".tsv", ".out", ".err",
    ])
    private static let checkpointEndings = bytes([
        ".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".h5", ".hdf5", ".keras", ".npz", ".npy",
        ".pkl", ".pickle", ".joblib", ".msgpack", ".onnx", ".zip", ".tar", ".gz", ".index", ".pb",
        ".model", ".ubj", ".weights",
    ])
    private static let logs = Array("\(BucketLayout.logs)/".utf8)
    private static let events = Array(".tfevents.".utf8)

    private static func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    /// - Parameter path: of the object, in bytes: it is asked for each of a million files once.
    static func isOne(_ path: UnsafeRawBufferPointer) -> Bool {
        let isLog = path.starts(with: logs)
        let start = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        let name = path[start...]
        let grows = endings.contains { ends(name, $0) } || holdsEvents(name)
        guard grows || isLog else { return false }
        if !grows, checkpointEndings.contains(where: { ends(name, $0) }) { return false }
        // What lies in a checkpoint's directory is part of it.
        let text = String(decoding: path, as: UTF8.self)
        if CheckpointName(directoryOf: text) != nil { return false }
        return grows
            || !text.lowercased().split(separator: "/").dropLast().contains {
                $0.hasPrefix("checkpoint") || $0.hasPrefix("ckpt")
            }
    }

    static func isOne(_ path: String) -> Bool {
        var path = path
        return path.withUTF8 { isOne(UnsafeRawBufferPointer($0)) }
    }

    private static func ends(_ name: Slice<UnsafeRawBufferPointer>, _ ending: [UInt8]) -> Bool {
        // Letters of names like these are ASCII; 0x20 makes them small.
        name.count > ending.count
            && zip(name.suffix(ending.count), ending).allSatisfy { $0 == $1 || $0 | 0x20 == $1 }
    }

    private static func holdsEvents(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
        name.count > events.count
            && name.indices.dropLast(events.count).contains { start in
                name[start] == events[0] && name[start...].starts(with: events)
            }
    }

    /// Whether the file still begins with what went up: it was only added to.
    static func extends(_ file: String, _ up: FileTable.Uploaded) -> Bool {
        let descriptor = systemOpen(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var checksum = CRC32C()
        var rest = up.size
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while rest > 0 {
            let count = read(descriptor, buffer.baseAddress, Int(min(rest, Int64(buffer.count))))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            checksum.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            rest -= Int64(count)
        }
        return checksum.value == up.crc32c
    }
}
