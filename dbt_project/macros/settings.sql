{# A setting's name without case, punctuation and doubled spaces. Abbreviations are matching's business. #}
{% macro plain_name(name) -%}
    nullif(trim(regexp_replace(lower({{ name }}), '[^\p{L}\p{N}]+', ' ', 'g')), '')
{%- endmacro %}


{% macro plain_postcode(postcode) -%}
    nullif(regexp_replace(upper({{ postcode }}), '[^A-Z0-9]+', '', 'g'), '')
{%- endmacro %}


{#
    A URN is a number, of Ofsted's with a letter or two before it. Leading zeros and blanks are a matter of typing;
    whatever else stands in the field is no URN, and might be a name.
#}
{% macro plain_urn(urn) -%}
    nullif(regexp_extract(
        regexp_replace(upper({{ urn }}), '[^A-Z0-9]+', '', 'g'), '^0*([A-Z]{0,3}[0-9]{3,10})$', 1
    ), '')
{%- endmacro %}
