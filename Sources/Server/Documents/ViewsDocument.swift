import Catalog
import NIOHTTP1
import QueryLanguage
import Records

/// `/api/views`: the saved lists that the deployment declares, each with the address that answers it.
extension Call {
    func views() -> ServerResponse {
        var json = JSONWriter()
        json.object { json in
            json.array("value") { json in
                for view in model.catalog.views {
                    guard let type = model.typesByID[view.type] else { continue }
                    json.object { write(view, of: type, to: &$0) }
                }
            }
        }
        return response(.ok, json: json.bytes)
    }

    private func write(_ view: View, of type: ApiType, to json: inout JSONWriter) {
        json.field("id", view.id)
        json.field("label", view.label)
        if let description = view.description { json.field("description", description) }
        json.field("collection", type.collection)
        json.strings("columns", view.columns)
        if let filter = view.filter { json.field("filter", filter) }
        if let order = view.order { json.field("orderby", order) }
        json.field("url", address(of: view, type))
    }

    /// What to GET, relative to the service root. A column that is a link is expanded to what its records are called by.
    private func address(of view: View, _ type: ApiType) -> String {
        var selected = ["id"]
        var expanded: [String] = []
        for column in view.columns {
            guard let property = type.property(column) else { continue }
            switch property.type {
            case .entity, .entityCollection: expanded.append("\(column)($select=\(shown(property)))")
            case .entityOfSeveral: expanded.append(column)
            default: selected.append(column)
            }
        }
        var options = ["$select=\(selected.joined(separator: ","))"]
        if !expanded.isEmpty { options.append("$expand=\(expanded.joined(separator: ","))") }
        if let filter = view.filter { options.append("$filter=\(PercentEncoding.encode(filter))") }
        if let order = view.order { options.append("$orderby=\(PercentEncoding.encode(order))") }
        return "\(type.collection)?\(options.joined(separator: "&"))"
    }

    private func shown(_ property: Property) -> String {
        let target: String? =
            switch property.type {
            case .entity(let name): name
            case .entityCollection(let name): model.catalog.typeShape(named: name)?.recordType
            default: nil
            }
        guard let display = target.flatMap({ model.typesByID[$0] })?.record.displayField else { return "id" }
        return "id,\(display)"
    }
}
