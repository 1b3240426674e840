/// The scalars of one event of TensorBoard, in the two forms that its writers have: the older
/// `simple_value`, and a tensor of one number (event.proto, summary.proto, tensor.proto of
/// tensorboard/compat/proto).
struct TensorBoardEvent {
    /// In seconds since 1970.
    var time: Double?
    var step: Int64 = 0
    var scalars: [(tag: String, value: Double)] = []

    private static let mostTagBytes = 300

    /// - Returns: nil where the event has no scalar.
    init?(_ data: UnsafeRawBufferPointer) {
        for (number, value) in ProtobufFields(data) {
            switch (number, value) {
            case (1, .fixed64(let bits)):
                let seconds = Double(bitPattern: bits)
                time = seconds.isFinite ? seconds : nil
            case (2, .varint(let count)): step = Int64(bitPattern: count)
            case (5, .bytes(let summary)): addScalars(of: summary)
            default: break
            }
        }
        guard !scalars.isEmpty, abs(Double(step)) < 1e15 else { return nil }
    }

    private mutating func addScalars(of summary: UnsafeRawBufferPointer) {
        for case (1, .bytes(let value)) in ProtobufFields(summary) {
            var tag: String?
            var scalar: Double?
            for field in ProtobufFields(value) {
                switch field {
                case (1, .bytes(let text)) where text.count <= Self.mostTagBytes:
                    tag = String(decoding: text, as: UTF8.self)
                case (2, .fixed32(let bits)): scalar = Double(Float(bitPattern: bits))
                case (8, .bytes(let tensor)): scalar = Self.scalar(of: tensor)
                default: break
                }
            }
            if let tag, !tag.isEmpty, let scalar { scalars.append((tag, scalar)) }
        }
    }

    /// The number of a tensor that has just one; nil for histograms, texts and images.
    private static func scalar(of tensor: UnsafeRawBufferPointer) -> Double? {
        var type: UInt64 = 0
        var found: [Double] = []
        var content: UnsafeRawBufferPointer?
        for (number, value) in ProtobufFields(tensor) {
            switch (number, value) {
            case (1, .varint(let code)): type = code
            case (4, .bytes(let bytes)): content = bytes
            case (5, .fixed32(let bits)): found.append(Double(Float(bitPattern: bits)))
            case (5, .bytes(let packed)) where packed.count == 4:
                found.append(Double(Float(bitPattern: packed.loadUnaligned(as: UInt32.self))))
            case (6, .fixed64(let bits)): found.append(Double(bitPattern: bits))
            case (6, .bytes(let packed)) where packed.count == 8:
                found.append(Double(bitPattern: packed.loadUnaligned(as: UInt64.self)))
            case (7, .varint(let bits)), (10, .varint(let bits)):
                found.append(Double(Int64(bitPattern: bits)))
            case (5, .bytes), (6, .bytes): return nil
            default: break
            }
        }
        if let content { return scalar(of: content, type: type) }
        return found.count == 1 ? found[0] : nil
    }

    /// The tensor's bytes, little-endian; the codes are those of types.proto.
    private static func scalar(of content: UnsafeRawBufferPointer, type: UInt64) -> Double? {
        switch (type, content.count) {
        case (1, 4): Double(Float(bitPattern: content.loadUnaligned(as: UInt32.self)))
        case (2, 8): Double(bitPattern: content.loadUnaligned(as: UInt64.self))
        case (3, 4): Double(content.loadUnaligned(as: Int32.self))
        case (9, 8): Double(content.loadUnaligned(as: Int64.self))
        case (14, 2):
            // bfloat16 is the upper half of a float.
            Double(Float(bitPattern: UInt32(content.loadUnaligned(as: UInt16.self)) << 16))
        default: nil
        }
    }
}
