import Shared
import Testing

@testable import Agent

@Suite struct ImageQuestionTests {
    private func ask(
        _ cloud: String, _ answers: [String: String]
    ) async -> (image: String?, asked: [[String]]) {
        let asked = Asked()
        let image = await ImageQuestion.image(cloud: cloud) { command in
            asked.add(command.arguments)
            let place = command.arguments.last ?? ""
            return answers.first { place.contains($0.key) }?.value
        }
        return (image, asked.all)
    }

    @Test func `Google names the image itself`() async {
        let image = "projects/deeplearning-platform-release/global/images/common-cu129-v20260101"
        let (found, asked) = await ask("gcp", ["instance/image": image])
        #expect(found == image)
        #expect(asked[0].contains("Metadata-Flavor: Google"))
    }

    @Test func `Amazon wants a token first`() async {
        let (found, asked) = await ask("aws", ["api/token": "abc==", "ami-id": "ami-0123\n"])
        #expect(found == "ami-0123")
        #expect(asked.count == 2 && asked[1].contains("X-aws-ec2-metadata-token: abc=="))
        #expect(await ask("aws", ["ami-id": "ami-0123"]).image == nil)
    }

    @Test func `Azure tells the version behind latest`() async {
        let text = """
            {"id": "", "publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2404",
             "version": "latest", "exactVersion": "24.04.2026010100"}
            """
        #expect(
            await ask("azure", ["imageReference": text]).image
                == "microsoft-dsvm:ubuntu-hpc:2404:24.04.2026010100")
        #expect(
            await ask("azure", ["imageReference": #"{"id": "/subscriptions/x/images/y"}"#]).image
                == "/subscriptions/x/images/y")
    }

    @Test(arguments: [
        "", "\u{1B}[2J", "a b", "<html>\u{202E}</html>", String(repeating: "x", count: 501),
    ])
    func `what is no name is none`(text: String) async {
        #expect(await ask("gcp", ["instance/image": text]).image == nil)
        #expect(await ask("local", ["": "x"]).asked.isEmpty)
    }
}

private final class Asked: @unchecked Sendable {
    private(set) var all: [[String]] = []
    func add(_ words: [String]) { all.append(words) }
}
