import Shared

/// All paths ever seen or uploaded, and what is known of each.
///
/// Made for a million files in little memory: a row of 56 bytes each, their paths one after the other
/// in one buffer, and a hash table of our own over those bytes, since a scan of 100,000 unchanged
/// files must not make 100,000 strings. What few files need lies beside the rows. Rows are never
/// removed but by `compact`.
struct FileTable {
    struct Flags: OptionSet {
        let rawValue: UInt8
        /// Goes up as it grows: see `GrowingFile`.
        static let log = Flags(rawValue: 1)
        /// A link inside the tree; the bytes are those of its target.
        static let link = Flags(rawValue: 2)
        /// Never goes up: excluded, or no legal object name.
        static let excluded = Flags(rawValue: 4)
        /// The same inode was seen with different contents: no hard link of it is safe.
        static let inPlace = Flags(rawValue: 8)
        /// Not to go up as it is: deleted in the bucket by `--keep_last`, or part of the code itself.
        static let superseded = Flags(rawValue: 16)
        /// To be deleted in the bucket.
        static let pendingDeletion = Flags(rawValue: 32)
        /// Something that is no file was seen there, and reported.
        static let unsupported = Flags(rawValue: 64)
        /// Below `stray/`: in the code directory.
        static let stray = Flags(rawValue: 128)
    }

    /// What of a file is in the bucket.
    struct Uploaded: Equatable {
        /// Of the local file it was taken from.
        var stamp: FileVersion
        /// Of the object; less than the stamp's where half a line was left out.
        var size: Int64
        var crc32c: UInt32
        /// Only where the store lists no CRC32C.
        var md5: MD5.Digest?
    }

    /// What an earlier tick saw of a file that was not up.
    struct Observation: Equatable {
        var stamp: FileVersion
        var wasOpen: Bool
    }

    /// What is known of one file.
    struct Record {
        var flags: Flags = []
        /// The number of the last scan that saw it; 0 for none.
        var seen: UInt32 = 0
        var current = FileVersion(size: 0, mtime: 0, ctime: 0, inode: 0)
        var device: UInt64 = 0
        var look: Observation?
        /// On the monotonic clock; since when this file is not up as it is.
        var pendingSince: Duration?
        var up: Uploaded?

        var identity: WriterDetector.Identity {
            WriterDetector.Identity(device: device, inode: current.inode)
        }

        /// Whether the bucket lacks what the last scan saw.
        var isPending: Bool {
            if !flags.isDisjoint(with: [.excluded, .superseded]) { return false }
            return up?.stamp != current
        }
    }

    private struct Row {
        var current = FileVersion(size: 0, mtime: 0, ctime: 0, inode: 0)
        /// Of the path, in `arena`.
        var offset: UInt32
        var length: UInt16
        /// In `devices`.
        var device: UInt16 = 0
        var hash: UInt32
        var seen: UInt32 = 0
        /// Of the object, where it is `current`.
        var crc32c: UInt32 = 0
        var flags: Flags = []
        var state: State = []
    }

    /// Where the rest of a record is.
    private struct State: OptionSet {
        let rawValue: UInt8
        /// `current` is up, all of it.
        static let isCurrentUp = State(rawValue: 1)
        /// What is up is another version: in `otherUploads`.
        static let isOtherUp = State(rawValue: 2)
        /// In `digests`.
        static let hasDigest = State(rawValue: 4)
        /// In `waiting`.
        static let isWaiting = State(rawValue: 8)
    }

    private static let strayPrefix = Array("\(BucketLayout.stray)/".utf8)

    private var rows: [Row] = []
    private var arena: [UInt8] = []
    /// Indexes into `rows`, -1 for none; a power of two, at most half full.
    private var slots = [Int32](repeating: -1, count: 1024)
    private var devices: [UInt64] = []
    private var otherUploads: [Int: Uploaded] = [:]
    private var digests: [Int: MD5.Digest] = [:]
    private var waiting: [Int: (look: Observation?, since: Duration?)] = [:]

    var count: Int { rows.count }
    var indices: Range<Int> { rows.indices }

    subscript(index: Int) -> Record {
        get {
            let row = rows[index]
            var record = Record(flags: row.flags, seen: row.seen, current: row.current)
            record.device = devices.isEmpty ? 0 : devices[Int(row.device)]
            if row.state.isEmpty { return record }
            if row.state.contains(.isCurrentUp) {
                record.up = Uploaded(
                    stamp: row.current, size: row.current.size, crc32c: row.crc32c,
                    md5: row.state.contains(.hasDigest) ? digests[index] : nil)
            } else if row.state.contains(.isOtherUp) {
                record.up = otherUploads[index]
            }
            if row.state.contains(.isWaiting), let entry = waiting[index] {
                (record.look, record.pendingSince) = (entry.look, entry.since)
            }
            return record
        }
        set {
            let former = rows[index].state
            rows[index].flags = newValue.flags
            rows[index].seen = newValue.seen
            rows[index].current = newValue.current
            rows[index].device = number(of: newValue.device)
            var state: State = []
            if let up = newValue.up {
                if up.stamp == newValue.current, up.size == newValue.current.size {
                    state = .isCurrentUp
                    rows[index].crc32c = up.crc32c
                    if let md5 = up.md5 {
                        state.insert(.hasDigest)
                        digests[index] = md5
                    }
                } else {
                    state = .isOtherUp
                    otherUploads[index] = up
                }
            }
            if newValue.look != nil || newValue.pendingSince != nil {
                state.insert(.isWaiting)
                waiting[index] = (newValue.look, newValue.pendingSince)
            }
            rows[index].state = state
            let left = former.subtracting(state)
            if left.contains(.isOtherUp) { otherUploads[index] = nil }
            if left.contains(.hasDigest) { digests[index] = nil }
            if left.contains(.isWaiting) { waiting[index] = nil }
            // A burst leaves a large empty table behind.
            if otherUploads.isEmpty { otherUploads = [:] }
            if waiting.isEmpty { waiting = [:] }
        }
    }

    // Cheaper than the whole record, for those who look at all of them.
    func flags(_ index: Int) -> Flags { rows[index].flags }
    func seen(_ index: Int) -> UInt32 { rows[index].seen }
    func isUp(_ index: Int) -> Bool {
        !rows[index].state.isDisjoint(with: [.isCurrentUp, .isOtherUp])
    }

    /// Notes that a scan saw a file that it knows, in the same version, and that is up as it is;
    /// false where anything is otherwise, and nothing was noted.
    mutating func touch(_ index: Int, _ version: FileVersion, scan: UInt32) -> Bool {
        guard rows[index].seen > 0, rows[index].state.contains(.isCurrentUp),
            rows[index].current == version, !rows[index].flags.contains(.unsupported)
        else { return false }
        rows[index].seen = scan
        return true
    }

    private mutating func number(of device: UInt64) -> UInt16 {
        if !devices.contains(device) { devices.append(device) }
        return UInt16(devices.firstIndex(of: device) ?? 0)
    }

    func path(_ index: Int) -> String {
        String(decoding: arena[bytes(of: rows[index])], as: UTF8.self)
    }

    private func bytes(of row: Row) -> Range<Int> {
        Int(row.offset)..<(Int(row.offset) + Int(row.length))
    }

    /// Compares by bytes, as every store does.
    func isOrdered(_ left: Int, _ right: Int) -> Bool {
        let (one, other) = (bytes(of: rows[left]), bytes(of: rows[right]))
        return arena.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            let order = memcmp(
                base + one.lowerBound, base + other.lowerBound, Swift.min(one.count, other.count))
            return order == 0 ? one.count < other.count : order < 0
        }
    }

    /// The index of `path`, made where it is new.
    mutating func index(of path: String) -> Int {
        var path = path
        return path.withUTF8 { bytes in
            insert(UnsafeRawBufferPointer(bytes), hash: Self.hash(UnsafeRawBufferPointer(bytes)))
                .index
        }
    }

    func existing(_ path: String) -> Int? {
        var path = path
        return path.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            return find(bytes, Self.fold(Self.hash(bytes))).index
        }
    }

    /// Finds or makes the record of these bytes, whose `hash` is theirs.
    mutating func insert(
        _ bytes: UnsafeRawBufferPointer, hash: UInt64
    ) -> (index: Int, isNew: Bool) {
        let hash = Self.fold(hash)
        let found = find(bytes, hash)
        if let index = found.index { return (index, false) }
        let index = rows.count
        var row = Row(offset: UInt32(arena.count), length: UInt16(bytes.count), hash: hash)
        if GrowingFile.isOne(bytes) { row.flags.insert(.log) }
        if bytes.starts(with: Self.strayPrefix) { row.flags.insert(.stray) }
        rows.append(row)
        arena.append(contentsOf: bytes)
        slots[found.slot] = Int32(index)
        if rows.count * 2 > slots.count { grow() }
        return (index, true)
    }

    private func find(
        _ bytes: UnsafeRawBufferPointer, _ hash: UInt32
    ) -> (index: Int?, slot: Int) {
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if rows[index].hash == hash, Int(rows[index].length) == bytes.count,
                holds(bytes, at: Int(rows[index].offset))
            {
                return (index, slot)
            }
            slot = (slot + 1) & mask
        }
        return (nil, slot)
    }

    private func holds(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        arena.withUnsafeBytes { arena in
            guard let base = bytes.baseAddress, let own = arena.baseAddress else { return true }
            return memcmp(base, own + offset, bytes.count) == 0
        }
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        let mask = slots.count - 1
        for index in rows.indices {
            var slot = Int(rows[index].hash) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(index)
        }
    }

    /// Forgets paths that are neither on the machine nor in the bucket, once most paths are such.
    mutating func compact(scan: UInt32) {
        let isAlive = { (index: Int) in
            rows[index].seen == scan || isUp(index) || rows[index].flags.contains(.pendingDeletion)
        }
        guard rows.count > 4096, indices.count(where: isAlive) * 2 < rows.count else { return }
        var table = FileTable()
        for index in indices.filter(isAlive) { table[table.index(of: path(index))] = self[index] }
        self = table
    }

    private static func fold(_ hash: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
    }

    /// FNV-1a; goes on from `seed`, so that a directory's part of a path is hashed once.
    static func hash(
        _ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0xcbf2_9ce4_8422_2325
    ) -> UInt64 {
        var hash = seed
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return hash
    }
}
