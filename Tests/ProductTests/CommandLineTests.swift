import Foundation
import Testing

extension ProductTests {
    @Suite("Every command")
    struct CommandLine {
        @Test("teaches with an example", arguments: CommandCase.commands)
        func help(_ command: String) throws {
            let words = command.split(separator: " ").map(String.init)
            let outcome = try Program.run(words + ["--help"])
            #expect(outcome.code == 0)
            #expect(
                outcome.output.contains("\n  tessera \(command)") || outcome.output.contains("$(tessera \(command)"), "\(outcome.output)")
            #expect(outcome.errors.isEmpty)
        }

        @Test("refuses what it doesn't know, with its usage", arguments: CommandCase.commands)
        func unknownOption(_ command: String) throws {
            let words = command.split(separator: " ").map(String.init)
            let outcome = try Program.run(words + (CommandCase.arguments[command] ?? []) + ["--nonsense"])
            #expect(outcome.code == 64)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains("--nonsense") && outcome.errors.contains("tessera \(command) --help"), "\(outcome.errors)")
        }

        @Test("says where, what and what to do about wrong input, and changes nothing")
        func wrongInput() throws {
            let folder = try CommandFolder()
            let before = try folder.contents()
            for example in CommandCase.all {
                let outcome = try folder.run(example)
                #expect(outcome.code == example.code, "\(example): \(outcome)")
                for part in example.errors { #expect(outcome.errors.contains(part), "\(example): \(outcome)") }
                #expect(example.output.isEmpty ? outcome.output.isEmpty : outcome.output.contains(example.output), "\(example): \(outcome)")
                // Colours are for terminals.
                #expect(!(outcome.output + outcome.errors).contains("\u{1B}"), "\(example): \(outcome)")
            }
            #expect(try folder.contents() == before)
        }

        @Test("answers in JSON where its output is data")
        func json() throws {
            let folder = try CommandFolder()
            for (words, keys) in CommandCase.json {
                let outcome = try folder.run(CommandCase(words, code: 0))
                #expect(outcome.code == 0, "\(words): \(outcome)")
                let value = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
                let object = (value as? [String: Any]) ?? (value as? [[String: Any]])?.first ?? [:]
                #expect(Set(object.keys) == Set(keys), "\(words): \(outcome.output)")
            }
        }

        @Test("serve names the address that it can't have")
        func address() throws {
            let folder = try CommandFolder()
            let port = folder.server.http.port
            let other = try DataFolder()
            let outcome = try other.tessera("serve", "--listen", "127.0.0.1:\(port)")
            #expect(outcome.code == 1)
            #expect(outcome.errors.contains("can't listen on 127.0.0.1:\(port): Address already in use."), "\(outcome.errors)")
            #expect(outcome.errors.contains("--listen"))
            let nowhere = try other.tessera("serve", "--listen", "nowhere.invalid:8080")
            #expect(nowhere.code == 1)
            #expect(nowhere.errors.contains("can't listen on nowhere.invalid:8080: no such host."), "\(nowhere.errors)")
            let second = try folder.folder.tessera("serve", "--listen", "127.0.0.1:0")
            #expect(second.code == 3, "\(second)")
            #expect(second.output.isEmpty)
        }
    }
}
