"""What a server says of the data types of its structures: the attribute DataTypeDefinition (OPC UA 1.04)."""

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.ua_utils import data_type_to_variant_type
from asyncua.ua.uaerrors import UaError

from lines.opcua.structures import Field, Structure, UnreadableError

DEEPEST = 8
_BUILT_IN = 25
_PLAIN = (ua.StructureType.Structure, ua.StructureType.StructureWithOptionalFields)
_ONE_DIMENSION = 1


class Definitions:
    """Definitions of one server's data types, each read once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._read: dict[ua.NodeId, tuple[Structure, ua.NodeId]] = {}

    async def of_variable(self, variable: ua.NodeId) -> tuple[Structure, ua.NodeId]:
        """How a variable's value is laid out, and the id of that encoding.

        Raises UnreadableError where the server does not describe it or the gateway does not read such a type.
        """
        try:
            data_type = await self._client.get_node(variable).read_data_type()
            return await self._of_type(data_type, 0)
        except UaError as error:
            raise UnreadableError(f"no definition of its data type: {error}") from error

    async def exists(self, variable: ua.NodeId) -> bool:
        try:
            await self._client.get_node(variable).read_node_class()
        except UaError:
            return False
        return True

    async def _of_type(self, data_type: ua.NodeId, depth: int) -> tuple[Structure, ua.NodeId]:
        if depth > DEEPEST:
            raise UnreadableError(f"structures more than {DEEPEST} deep")
        if data_type not in self._read:
            definition = await self._client.get_node(data_type).read_data_type_definition()
            if not isinstance(definition, ua.StructureDefinition) or definition.StructureType not in _PLAIN:
                raise UnreadableError(f"{data_type.to_string()} is no plain structure")
            fields = [await self._field(each, depth) for each in definition.Fields]
            self._read[data_type] = Structure(tuple(fields)), definition.DefaultEncodingId
        return self._read[data_type]

    async def _field(self, field: ua.StructureField, depth: int) -> Field:
        if field.ValueRank > _ONE_DIMENSION:
            raise UnreadableError(f"{field.Name} is a matrix")
        is_array = field.ValueRank >= 0
        name, data_type = str(field.Name), field.DataType
        if (
            data_type.NamespaceIndex == 0
            and isinstance(data_type.Identifier, int)
            and data_type.Identifier <= _BUILT_IN
        ):
            return Field(name, data_type.Identifier, is_array, field.IsOptional)
        kind = await data_type_to_variant_type(self._client.get_node(data_type))
        if kind == ua.VariantType.ExtensionObject:
            nested, _ = await self._of_type(data_type, depth + 1)
            return Field(name, nested, is_array, field.IsOptional)
        return Field(name, kind.value, is_array, field.IsOptional)
