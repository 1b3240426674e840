import TestSupport
import Testing

@testable import Shared

/// Logs and event files of real programs, written by the frameworks' own code; ImageNet's,
/// ultralytics' and Lightning's bars are typed from their sources.
@Suite struct RecordedLogTests {
    static let place = BuiltProducts.repository + "/Tests/SharedTests/Scalars/Recorded/"

    /// What a log says, as `name: count, last`.
    private func read(_ name: String) throws -> (series: [String: Series], LogPosition) {
        let data = try readFile(Self.place + name)
        var scanner = LogScanner()
        var table = ScalarTable(capacity: 100)
        // In small pieces: a line may be cut anywhere.
        let bytes = Array(data)
        for start in stride(from: 0, to: bytes.count, by: 7) {
            Array(bytes[start..<min(start + 7, bytes.count)]).withUnsafeBytes {
                scanner.read($0) { name, step, value in
                    table.append(name, from: .log, step: step, time: nil, value: value)
                }
            }
        }
        scanner.finish { name, step, value in
            table.append(name, from: .log, step: step, time: nil, value: value)
        }
        let series = Dictionary(uniqueKeysWithValues: table.merged.map { ($0.name, $0) })
        return (series, scanner.position)
    }

    private func expect(
        _ series: Series?, count: Int, step: Int64, value: Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(series?.count == count, sourceLocation: sourceLocation)
        #expect(series?.last?.step == step, sourceLocation: sourceLocation)
        #expect(series?.last?.value == value, sourceLocation: sourceLocation)
        #expect(series?.stepsRepeat == false, sourceLocation: sourceLocation)
        #expect(series?.segments.count == 1, sourceLocation: sourceLocation)
    }

    @Test func `the two lines of nanoGPT`() throws {
        let (series, position) = try read("nanogpt.log")
        expect(series["loss"], count: 13, step: 60, value: 2.7263)
        expect(series["train_loss"], count: 4, step: 60, value: 2.7148)
        expect(series["val_loss"], count: 4, step: 60, value: 2.7324)
        #expect(position.step == 60)
        #expect(position.total == nil)
    }

    @Test func `the classifier of the PyTorch examples`() throws {
        let (series, position) = try read("mnist.log")
        expect(series["loss"], count: 12, step: 2816, value: 1.464808)
        expect(series["test/average_loss"], count: 3, step: 2816, value: 1.5270)
        expect(series["test/accuracy"], count: 3, step: 2816, value: 75.0 / 256)
        #expect(Set(series.keys) == ["loss", "test/average_loss", "test/accuracy"])
        #expect(position.step == 2816)
    }

    @Test func `the ImageNet script of the PyTorch examples`() throws {
        let (series, _) = try read("imagenet.log")
        expect(series["loss"], count: 3, step: 41, value: 6.201)
        expect(series["acc@1"], count: 3, step: 41, value: 2.34)
        #expect(series["test/acc@1"]?.last?.value == 2.5)
        #expect(series["test/acc@5"]?.last?.value == 8.125)
    }

    @Test func `Hugging Face's dictionaries take their step from the bar`() throws {
        let (series, position) = try read("huggingface.log")
        expect(series["loss"], count: 12, step: 110, value: 1.207e-05)
        #expect(series["learning_rate"]?.count == 12)
        #expect(series["eval_loss"]?.count == 3)
        #expect(series["epoch"] == nil)
        // The evaluation's bars of 10 within it are not the training's.
        #expect(position.step == 120)
        #expect(position.total == 120)
        #expect(position.secondsLeft == 0)
    }

    @Test func `Keras' bar, which it draws over with backspaces`() throws {
        let (series, position) = try read("keras.log")
        #expect(series["loss"]?.last?.step == 104)
        #expect((series["loss"]?.count ?? 0) > 50)
        #expect(series["accuracy"]?.stepsRepeat == false)
        #expect(series["val_loss"]?.count == 4)
        #expect(series["val_accuracy"]?.count == 4)
        #expect(position.step == 104)
        #expect(position.total == 104)
    }

    @Test func `Lightning's bar by tqdm counts over epochs`() throws {
        let (series, position) = try read("lightning-tqdm.log")
        expect(series["train_loss"], count: 2, step: 64, value: 0.256)
        #expect(series["lr"]?.last?.value == 1e-3)
        #expect(series["val_loss"]?.count == 1)
        #expect(series["v_num"] == nil)
        #expect(position.step == 64)
        #expect(position.total == nil)
    }

    @Test func `Lightning's bar by rich knows the last epoch`() throws {
        let (series, position) = try read("lightning-rich.log")
        expect(series["train_loss"], count: 2, step: 48, value: 0.256)
        #expect(position.step == 48)
        #expect(position.total == 200)
        // All that a log has of it without a terminal: the last epoch's bar.
        var scanner = LogScanner()
        Array("Epoch 2/2  \u{2501}\u{2501} 40/40 0:00:00\n".utf8).withUnsafeBytes {
            scanner.read($0) { _, _, _ in }
        }
        #expect(scanner.position.step == 120 && scanner.position.total == 120)
    }

    @Test func `ultralytics' tables`() throws {
        let (series, position) = try read("ultralytics.log")
        expect(series["train/box_loss"], count: 2, step: 2, value: 1.001)
        expect(series["train/dfl_loss"], count: 2, step: 2, value: 1.204)
        expect(series["metrics/mAP50-95"], count: 2, step: 2, value: 0.502)
        #expect(series["metrics/P"]?.last?.value == 0.712)
        #expect(series["train/Instances"] == nil)
        #expect(position.step == 2)
        #expect(position.total == 3)
    }

    @Test(
        arguments: [
            ("Epoch [2/5], Step [100/600], Loss: 0.52", "loss", 700, 3000),
            ("2026-01-31 12:00:00,123 INFO step 40/90 loss=0.52", "loss", 40, 90),
            ("[100/1000] loss: 0.52", "loss", 100, 1000),
            ("epoch 3/10: loss 0.52 acc 0.9", "loss", 3, 10),
            ("Iteration: 7 | loss = 5.2e-1 | lr 1e-3", "loss", 7, nil),
            (" 40%|####      | 4/10 [00:04<00:06,  1.0s/it, loss=0.52]", "loss", 4, 10),
            ("{\"step\": 12, \"loss\": 0.52}", "loss", 12, nil),
        ] as [(String, String, Int64, Int64?)])
    func `lines of scripts without a framework`(
        line: String, name: String, step: Int64, total: Int64?
    ) {
        var scanner = LogScanner()
        var found: [(String, Int64?, Double)] = []
        Array((line + "\n").utf8).withUnsafeBytes {
            scanner.read($0) { found.append(($0, $1, $2)) }
        }
        #expect(found.first { $0.0 == name }?.1 == step)
        #expect(found.first { $0.0 == name }?.2 == 0.52)
        #expect(scanner.position.step == step)
        #expect(scanner.position.total == total)
    }

    @Test(arguments: [
        "Downloading 100 files to /tmp/x: 3 left", "Test of the emergency system at 12:00",
        "step", "step one: loss none", "{'loss': 'high'}", "Epoch", "100%|", "%|| 5/0 [",
        "loaded checkpoint of 0.5 GB",
    ])
    func `a line that tells no scalar gives none`(line: String) {
        var scanner = LogScanner()
        var found: [String] = []
        Array((line + "\n").utf8).withUnsafeBytes {
            scanner.read($0) { name, _, value in found.append("\(name)=\(value)") }
        }
        #expect(found.isEmpty)
    }

    @Test func `event files in both forms of scalars`() throws {
        for (name, count, last) in [("simple", 5, 2.0), ("tensor", 5, 0.2)] {
            var file = TensorBoardFile(path: Self.place + "events.out.tfevents." + name)
            var table = ScalarTable(capacity: 100)
            file.read(upTo: 1 << 20) { data in
                guard let event = TensorBoardEvent(data) else { return }
                for (tag, value) in event.scalars {
                    table.append(
                        tag, from: .tensorBoard, step: event.step, time: event.time, value: value)
                }
            }
            let series = Dictionary(uniqueKeysWithValues: table.merged.map { ($0.name, $0) })
            #expect(series["loss/train"]?.count == count)
            #expect(abs((series["loss/train"]?.last?.value ?? 0) - last) < 1e-6)
            #expect(series["loss/train"]?.last?.time.map { $0 > 1.7e9 } == true)
            // Texts and histograms are tensors too.
            #expect(series["note/text_summary"] == nil && series["h"] == nil)
            #expect(!file.isDamaged)
        }
    }
}
