import Catalog
import Files
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// The documents that describe the deployment.
extension Call {
    func serviceDocument() -> ServerResponse {
        var json = JSONWriter()
        json.object { json in
            if format.metadata != .none { json.field("\(negotiation.prefix)context", "\(root)/$metadata") }
            json.array("value") { json in
                for type in model.orderedTypes {
                    json.object { json in
                        json.field("name", type.collection)
                        json.field("kind", "EntitySet")
                        json.field("title", type.record.labelPlural)
                        json.field("url", type.collection)
                    }
                }
            }
        }
        return response(.ok, json: json.bytes)
    }

    /// CSDL JSON came with 4.01: older clients, which list JSON for all they ask for, get XML.
    func metadata() -> ServerResponse {
        let wantsJSON = negotiation.representation == .json && negotiation.version != .v4_0
        let document = model.document(wantsJSON ? .csdlJSON : .csdlXML, root: negotiation.versionHeader) {
            let csdl = CSDLModel(model, version: negotiation.version)
            return wantsJSON ? CSDLJSONWriter.document(csdl) : CSDLXMLWriter.document(csdl)
        }
        let headers = [
            ("content-type", wantsJSON ? "application/json" : "application/xml"), ("odata-version", negotiation.versionHeader),
        ]
        return ServerResponse(.ok, headers: headers, body: .bytes(ByteBuffer(bytes: document)))
    }

    func openAPI() -> ServerResponse {
        let document = model.document(.openAPI, root: root) {
            OpenAPIWriter.document(model, root: root, limits: limits, fileSize: files.limits.size)
        }
        return .json(document)
    }
}
