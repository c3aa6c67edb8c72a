import Manifests
import Testing

@Suite("Files that Tessera ships") struct ExampleFilesTests {
    @Test("the contacts manifest has no findings and the declarations that it writes")
    func contacts() throws {
        let parsed = ModuleManifest.parse(try Repository.source("manifests/contacts.yaml"))
        #expect(parsed.diagnostics.map(\.description) == [])
        let manifest = try #require(parsed.manifest)
        #expect(manifest.types.map(\.key) == ["organisation", "person"])
        let person = try #require(manifest.types.last)
        #expect(person.collection.value == "people")
        #expect(person.display?.value == "display_name")
        let affiliations = try #require(person.fields.first { $0.key == "affiliations" })
        guard case .links(let links) = affiliations.kind else { throw Unexpected() }
        #expect(links.target.name == TypeName(module: "contacts", type: "organisation"))
        #expect(links.primary?.value == "organisation")
        #expect(links.columns.map(\.key) == ["role", "inactive", "since"])
        let rule = try #require(person.rules.first)
        #expect(rule.check.text == "reports_to_id ne id")
        #expect(rule.check.isVerbatim)
        let parent = try #require(manifest.types.first?.fields.first { $0.key == "parent" })
        guard case .link(let up) = parent.kind else { throw Unexpected() }
        #expect(up.isAcyclic && parent.alsoCalled.contains("Subsidiary of"))
    }

    @Test("the starter deployment has no findings")
    func starter() throws {
        let parsed = DeploymentManifest.parse(try Repository.source("manifests/deployments/starter.yaml"))
        #expect(parsed.diagnostics.map(\.description) == [])
        #expect(parsed.manifest?.modules.map(\.requirement.module.value) == ["contacts"])
        #expect(parsed.manifest?.currency == "USD")
    }

    @Test("an overlay with every kind of addition has no findings")
    func overlay() throws {
        let parsed = Overlay.parse(try Repository.source("sdk/Tests/ManifestsTests/Corpus/accept/overlay-every-addition.yaml"))
        #expect(parsed.diagnostics.map(\.description) == [])
        let overlay = try #require(parsed.manifest)
        #expect(overlay.types.map(\.name.description) == ["custom.project"])
        #expect(overlay.extensions.map(\.target.name.description) == ["contacts.person"])
        #expect(overlay.extensions.first?.fields.map(\.key) == ["loyalty_tier"])
    }
}

struct Unexpected: Error {}
