// The strangers: each as its users call it, behind one set of names.
import https from 'node:https'
import { SellingPartnerApiAuth } from '@sp-api-sdk/auth'
import { OrdersApiClient } from '@sp-api-sdk/orders-api-2026-01-01'
import SellingPartner from 'amazon-sp-api'

export const groups = ['FULFILLMENT', 'PROCEEDS', 'PACKAGES', 'CANCELLATION', 'PROMOTION', 'EXPENSE', 'TAX', 'PAYMENT']

// amazonSpApi is amazon-sp-api. It repeats nothing by itself here.
export function amazonSpApi(amazon, account) {
  const client = new SellingPartner({
    region: account.seller.region,
    refresh_token: account.refreshToken,
    credentials: { SELLING_PARTNER_APP_CLIENT_ID: account.clientId, SELLING_PARTNER_APP_CLIENT_SECRET: account.clientSecret },
    options: { https_proxy_agent: amazon.agent, auto_request_throttled: false, retry_remote_timeout: false },
  })
  const call = (operation, endpoint, version, more) => client.callAPI({ operation, endpoint, options: { version }, ...more })
  return {
    search: query => call('searchOrders', 'orders', '2026-01-01', { query }),
    order: async orderId => (await call('getOrder', 'orders', '2026-01-01', { path: { orderId }, query: { includedData: groups } })).order,
    participations: () => call('getMarketplaceParticipations', 'sellers', 'v1', {}),
    status: error => ({ QuotaExceeded: 429, Unauthorized: 403, invalid_grant: 400 })[error.code],
    renewsTokens: true,
  }
}

// spApiSdk is @sp-api-sdk with its own login. It goes by Node's own agent.
export function spApiSdk(amazon, account) {
  https.globalAgent = amazon.agent
  const auth = new SellingPartnerApiAuth({ clientId: account.clientId, clientSecret: account.clientSecret, refreshToken: account.refreshToken })
  const client = new OrdersApiClient({ auth, region: account.seller.region })
  return {
    search: async query => (await client.searchOrders(query)).data,
    order: async orderId => (await client.getOrder({ orderId, includedData: groups })).data.order,
    status: error => error.response?.status,
    renewsTokens: false,
  }
}
