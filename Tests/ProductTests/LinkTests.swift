import Foundation
import Testing

extension ProductTests {
    @Suite("Links between pages")
    struct Links {
        @Test("lead to a file or folder that is there, and to a heading of it", arguments: MarkdownPage.all)
        func resolve(_ page: MarkdownPage) throws {
            for link in page.links {
                let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                let target = parts[0].isEmpty ? page.url : URL(fileURLWithPath: parts[0], relativeTo: page.url.deletingLastPathComponent())
                #expect(FileManager.default.fileExists(atPath: target.path), "\(page.name): \(link)")
                guard parts.count == 2, target.pathExtension == "md" else { continue }
                let headings = MarkdownPage(url: target)?.anchors ?? []
                #expect(headings.contains(parts[1]), "\(page.name): \(link) names no heading of \(headings.sorted())")
            }
        }

        @Test("are found in README, and not in code")
        func reading() throws {
            let readme = try #require(MarkdownPage.all.first { $0.name == "README.md" })
            #expect(readme.links.contains("sdk/README.md") && readme.links.contains("docs/manifests.md"))
            let text = "# A `b` c, d\n[x](y.md#z) `[n](o)` ``[`n](o)``\n```\n[n](o)\n# no\n```\n[e](https://example.com) ![p](q.png)"
            let page = MarkdownPage(name: "a.md", url: URL(fileURLWithPath: "/a.md"), text: text)
            #expect(page.links == ["y.md#z", "q.png"] && page.anchors == ["a-b-c-d"])
        }
    }
}

/// A page in Markdown: where it links to within the repository, and what others can link to.
struct MarkdownPage: Sendable, CustomStringConvertible {
    let name: String
    let url: URL
    let links: [String]
    /// The names that headings go by in links.
    let anchors: Set<String>

    var description: String { name }

    /// Every page of the repository; what was built or brought along by others isn't ours.
    static let all: [MarkdownPage] = {
        let root = URL(fileURLWithPath: Program.root)
        let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
        var pages: [MarkdownPage] = []
        while let url = files?.nextObject() as? URL {
            if url.lastPathComponent.hasPrefix(".") {
                files?.skipDescendants()
            } else if url.pathExtension == "md", let page = MarkdownPage(url: url) {
                pages.append(page)
            }
        }
        return pages.sorted { $0.name < $1.name }
    }()

    init?(url: URL) {
        guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
        let path = url.standardizedFileURL.path
        self.init(name: path.hasPrefix(Program.root + "/") ? String(path.dropFirst(Program.root.count + 1)) : path, url: url, text: text)
    }

    init(name: String, url: URL, text: String) {
        var isCode = false
        var links: [String] = []
        var anchors: Set<String> = []
        for line in text.components(separatedBy: "\n") {
            if line.hasPrefix("```") {
                isCode.toggle()
            } else if !isCode {
                if line.hasPrefix("#") { anchors.insert(Self.anchor(of: line)) }
                let prose = line.replacing(/``.*?``|`[^`]*`/, with: "")
                links += prose.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }.filter { $0.prefixMatch(of: /[a-z]+:/) == nil }
            }
        }
        (self.name, self.url, self.links, self.anchors) = (name, url, links, anchors)
    }

    /// As GitHub makes it: small letters, no punctuation, hyphens for blanks.
    private static func anchor(of heading: String) -> String {
        let text = heading.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
        return String(text.filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }.map { $0 == " " ? "-" : $0 })
    }
}
